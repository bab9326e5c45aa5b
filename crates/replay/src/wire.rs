//! How bytes, signatures and bounded lists stand in a frame.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

/// Bytes copied as one block; serde's own way for `Vec<u8>` visits them one by one.
pub(crate) mod bytes {
    use super::{Deserializer, Visitor, fmt};
    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
}

/// The 64 bytes of a signature without a length before them: serde knows arrays up to 32 only.
pub(crate) mod signature {
    use super::{Deserialize, Deserializer};
    use serde::{Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(signature: &[u8; 64], serializer: S) -> Result<S::Ok, S::Error> {
        let (mut r, mut s) = ([0u8; 32], [0u8; 32]);
        for (to, from) in r.iter_mut().chain(&mut s).zip(signature) {
            *to = *from;
        }
        (r, s).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 64], D::Error> {
        let (r, s) = <([u8; 32], [u8; 32])>::deserialize(deserializer)?;
        let mut signature = [0; 64];
        for (to, from) in signature.iter_mut().zip(r.iter().chain(&s)) {
            *to = *from;
        }
        Ok(signature)
    }
}

/// A collection of at most `MAX` entries. The count is refused before anything is reserved for it:
/// an entry of one byte in the log can take fifty in memory.
pub(crate) fn bounded<'de, D, C, T, const MAX: usize>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    C: Default + Extend<T>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Bounded::<C, T, MAX>(PhantomData))
}

struct Bounded<C, T, const MAX: usize>(PhantomData<(C, T)>);

impl<'de, C: Default + Extend<T>, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<C, T, MAX> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<C, A::Error> {
        if entries.size_hint().is_some_and(|count| count > MAX) {
            return Err(A::Error::custom(format_args!("more than {MAX} entries")));
        }
        let mut all = C::default();
        for _ in 0..MAX {
            match entries.next_element()? {
                Some(entry) => all.extend([entry]),
                None => return Ok(all),
            }
        }
        // A format that states no count must now be at the end.
        match entries.next_element::<T>()? {
            None => Ok(all),
            Some(_) => Err(A::Error::custom(format_args!("more than {MAX} entries"))),
        }
    }
}
