//! Time as one type: milliseconds since 1970, printed and read as RFC 3339 in UTC.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a date was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not `YYYY-MM-DDTHH:MM:SSZ`, or no such day or second.
    #[error("a date is written `YYYY-MM-DDTHH:MM:SSZ`, in UTC, from 1970 to 9998")]
    Malformed,
}

crate::codes!(TimeError {
    Malformed => ("input.date_malformed", Refused, "write the date as `2026-01-31T12:00:00Z`"),
});

/// Milliseconds since 1970-01-01T00:00:00Z, ignoring leap seconds as Unix time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

/// 9999-01-01T00:00:00Z in milliseconds: "year 9999" stands for "never" in many tools, and never
/// is not a date.
const END_MILLIS: u64 = 253_370_764_800_000;
const DAY_SECONDS: u64 = 86_400;

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment and `duration` more, as far as the type reaches.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// This moment less `duration`, not before 1970.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// Parses exactly `YYYY-MM-DDTHH:MM:SSZ`.
    ///
    /// Offsets, fractions, lower-case letters, leap seconds, dates before 1970 and the year 9999
    /// are refused: one moment has one spelling, and "never" is not a date.
    ///
    /// # Errors
    /// [`TimeError::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let bytes: &[u8; 20] = text.as_bytes().try_into().map_err(|_| TimeError::Malformed)?;
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1, b'Z'] = bytes else {
            return Err(TimeError::Malformed);
        };
        let year = number(&[*y0, *y1, *y2, *y3])?;
        let (month, day) = (number(&[*m0, *m1])?, number(&[*d0, *d1])?);
        let (hour, minute, second) = (number(&[*h0, *h1])?, number(&[*i0, *i1])?, number(&[*s0, *s1])?);
        let good = (1970..=9998).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !good {
            return Err(TimeError::Malformed);
        }
        let days = days_before_year(year) + (1..month).map(|m| days_in_month(year, m)).sum::<u64>() + day - 1;
        Ok(Self((days * DAY_SECONDS + hour * 3600 + minute * 60 + second) * 1000))
    }
}

fn number(digits: &[u8]) -> Result<u64, TimeError> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + u64::from(digit - b'0')),
        _ => Err(TimeError::Malformed),
    })
}

const fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first day of `year`.
const fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with milliseconds only when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= END_MILLIS {
            return write!(f, "{} ms after 1970", self.0);
        }
        let (millis, seconds) = (self.0 % 1000, self.0 / 1000);
        let (mut day, rest) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
        let mut year = 1970 + day / 366;
        while days_before_year(year + 1) <= day {
            year += 1;
        }
        day -= days_before_year(year);
        let mut month = 1;
        while day >= days_in_month(year, month) {
            day -= days_in_month(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}", day + 1, rest / 3600, rest / 60 % 60, rest % 60)?;
        if millis > 0 { write!(f, ".{millis:03}Z") } else { f.write_str("Z") }
    }
}

impl Serialize for Timestamp {
    /// Milliseconds in binary formats, RFC 3339 text in readable ones.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k23_only_one_spelling_of_a_real_moment_parses() {
        assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z"), Ok(Timestamp(0)));
        assert_eq!(Timestamp::parse("2000-02-29T00:00:00Z"), Ok(Timestamp(951_782_400_000)));
        assert_eq!(Timestamp::parse("2026-11-23T18:41:09Z"), Ok(Timestamp(1_795_459_269_000)));
        for bad in [
            "2026-11-23T18:41:09",
            "2026-11-23T18:41:09+00:00",
            "2026-11-23 18:41:09Z",
            "2026-11-23t18:41:09z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "9999-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-1-01T00:00:00Z",
            "",
            "never",
            "2026-11-23T18:41:09.000Z",
            "+026-11-23T18:41:09Z",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(TimeError::Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(seconds in 0..END_MILLIS / 1000) {
            let time = Timestamp(seconds * 1000);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }
    }
}
