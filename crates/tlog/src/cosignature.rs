//! Cosignatures: what witnesses say of a note, each with the moment it says it for (C2SP
//! `tlog-cosignature`, Ed25519 `cosignature/v1`).

use std::time::Duration;

use data_encoding::BASE64;
use reach_signing::{Message, PublicKey, Signature, Signer};
use reach_types::Timestamp;

use crate::{KeyName, NoteSignError, NoteSignature, SignedNote, note::DASH, vkey::cosigner_key_id};

/// Why the cosignatures of a note were refused. Exhaustive on purpose: they are evidence of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// A line under the name and key id of a known witness that is not its cosignature.
    #[error("the cosignature of `{name}` does not verify")]
    BadSignature {
        /// The name the line gives.
        name: KeyName,
    },
    /// A known witness vouches for a time that is none.
    #[error("the cosignature of `{name}` is of no time after 1970 and before the year 9999")]
    Time {
        /// The name the line gives.
        name: KeyName,
    },
}

reach_types::codes!(CosignatureError {
    BadSignature => ("tlog.cosignature_invalid", Refused, "fetch the note again: its text or a cosignature was changed"),
    Time => ("tlog.cosignature_time", Refused, "take this cosignature off the note: the witness's clock was wrong"),
});

/// A witness's word that it had seen a note's text at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness's key.
    pub key: PublicKey,
    /// The moment, in whole seconds: the earliest one, if the witness cosigned more than once.
    pub time: Timestamp,
}

impl SignedNote {
    /// Verifies the cosignatures by `witnesses`, and returns one for each witness that cosigned.
    /// Signatures by others, and plain note signatures, are ignored, as C2SP demands.
    ///
    /// A witness may cosign under any name: the key id of a line is compared with that of each
    /// witness under the line's own name. Whether the log's signature holds is not asked here.
    ///
    /// # Errors
    /// [`CosignatureError::BadSignature`] if a line under a witness's key id fails, whatever the
    /// others say; [`CosignatureError::Time`] for a valid one of the time 0 or after the year 9998.
    pub fn cosignatures(&self, witnesses: &[PublicKey]) -> Result<Vec<Cosignature>, CosignatureError> {
        let mut found: Vec<Cosignature> = Vec::new();
        for line in self.signatures() {
            let known = witnesses.iter().find(|key| cosigner_key_id(&line.name, key) == line.key_id);
            let Some(key) = known else { continue };
            let time = verify_line(self.unverified_text(), line, key)?;
            match found.iter_mut().find(|one| one.key == *key) {
                Some(one) => one.time = one.time.min(time),
                None => found.push(Cosignature { key: *key, time }),
            }
        }
        Ok(found)
    }
}

/// The moment that a line by `key` vouches for.
fn verify_line(text: &str, line: &NoteSignature, key: &PublicKey) -> Result<Timestamp, CosignatureError> {
    let bad = || CosignatureError::BadSignature { name: line.name.clone() };
    let (seconds, signature) = line.signature.split_first_chunk::<8>().ok_or_else(bad)?;
    let seconds = u64::from_be_bytes(*seconds);
    let signature = Signature::from_slice(signature).ok_or_else(bad)?;
    let message = Message::cosignature(seconds, text).ok_or_else(bad)?;
    if !key.verifies(&message, &signature) {
        return Err(bad());
    }
    moment(seconds).ok_or_else(|| CosignatureError::Time { name: line.name.clone() })
}

/// A moment that has a spelling. The specification lets 0 stand for "no time": no evidence of one.
fn moment(seconds: u64) -> Option<Timestamp> {
    let time = Timestamp::default().saturating_add(Duration::from_secs(seconds));
    (seconds > 0 && Timestamp::parse(&time.to_string()) == Ok(time)).then_some(time)
}

/// Cosigns `note` at `now` as `name`, and returns the signature line that is added to its end.
///
/// That the note's log signed it, and that its tree continues the one this witness cosigned before,
/// is for the caller to have checked: it is what the cosignature says.
///
/// # Errors
/// [`NoteSignError::Time`] for a moment before the first second of 1970 or after the year 9998;
/// [`NoteSignError::Sign`] if the key is no `witness` key, or the signer failed.
pub fn cosign(note: &SignedNote, name: &KeyName, now: Timestamp, signer: &dyn Signer) -> Result<String, NoteSignError> {
    let seconds = now.as_millis() / 1000;
    moment(seconds).ok_or(NoteSignError::Time)?;
    let message = Message::cosignature(seconds, note.unverified_text()).ok_or(NoteSignError::Text)?;
    let signature = signer.sign(&message).map_err(NoteSignError::Sign)?;
    let key_id = cosigner_key_id(name, &signer.public_key());
    let bytes = [key_id.as_slice(), &seconds.to_be_bytes(), &signature.0].concat();
    Ok(format!("{DASH}{name} {}\n", BASE64.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, VerifierKey, cosigner_vkey};
    use reach_signing::{Role, SigningKey};
    use reach_types::{Code, Sha256Digest};

    /// Computed with Python's `cryptography` from the specification: log seed 7, witness seed 9.
    const COSIGNED: &str = "log.example\n7\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n\
        \u{2014} log.example iRusLRCkYgiK5tovZdM25EGBuZG3NWA4WIYRpJY9vOkEEDx++aXdEruX6/Ff9P/Edrvw36++Bi2idB7G5SDTbkPyJgU=\n\
        \u{2014} witness.example/w1 JLXZ/gAAAABkGFDLbtdfQNqJmWbZ6nRHzB+Sg8CUTUDS8kSbEFEg04/tfL/E1d0LN7wcwI/1fgv5FAD4XsjKepzXz+SJ/JGB+P+OCg==\n";
    const TIME: u64 = 1_679_315_147;

    fn witness(seed: u8) -> SigningKey {
        SigningKey::from_seed(Role::Witness, &[seed; 32]).unwrap()
    }

    fn log() -> SigningKey {
        SigningKey::from_seed(Role::Log, &[7; 32]).unwrap()
    }

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn note() -> String {
        let root = Sha256Digest::from_bytes([1; 32]);
        Checkpoint { origin: name("log.example"), size: 7, root }.sign(&log()).unwrap()
    }

    fn parse(note: &str) -> SignedNote {
        SignedNote::parse(note.as_bytes()).unwrap()
    }

    fn seconds(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// The seconds that the witnesses of these seeds vouch for, or the code.
    fn times(note: &str, seeds: &[u8]) -> Result<Vec<u64>, &'static str> {
        let keys: Vec<_> = seeds.iter().map(|seed| witness(*seed).public_key()).collect();
        let found = parse(note).cosignatures(&keys).map_err(|error| error.code())?;
        Ok(found.iter().map(|one| one.time.as_millis() / 1000).collect())
    }

    fn line(seed: u8, at: u64) -> String {
        cosign(&parse(&note()), &name("witness.example/w1"), seconds(at), &witness(seed)).unwrap()
    }

    #[test]
    fn a16_what_an_independent_computation_cosigned() {
        assert_eq!(format!("{}{}", note(), line(9, TIME)), COSIGNED);
        assert_eq!(times(COSIGNED, &[9]), Ok(vec![TIME]));
        let vkey = "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";
        assert_eq!(cosigner_vkey(&name("witness.example/w1"), &witness(9).public_key()), vkey);
        let log = VerifierKey::new(name("log.example"), log().public_key());
        assert_eq!(Checkpoint::verify(COSIGNED.as_bytes(), &log).unwrap().size, 7);
    }

    #[test]
    fn a16_strangers_and_plain_signatures_are_ignored() {
        assert_eq!(times(COSIGNED, &[]), Ok(vec![]));
        assert_eq!(times(COSIGNED, &[8]), Ok(vec![]));
        assert_eq!(times(&note(), &[9]), Ok(vec![]));
        // The log's own key among the witnesses: a note signature is no cosignature.
        let keys = [log().public_key()];
        assert_eq!(parse(&note()).cosignatures(&keys), Ok(vec![]));
        // The line of the specification's own example, by a key nobody knows here.
        let published = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let note = format!("{COSIGNED}{published}");
        assert_eq!(times(&note, &[9]), Ok(vec![TIME]));
        let time = parse(&note).signatures()[2].signature.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        assert_eq!(time, Some(TIME));
    }

    #[test]
    fn a16_a_known_witness_must_hold_in_every_byte() {
        let (head, line) = COSIGNED.rsplit_once(' ').unwrap();
        let good = BASE64.decode(line.trim_end().as_bytes()).unwrap();
        for byte in 4..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            let note = format!("{head} {}\n", BASE64.encode(&bad));
            assert_eq!(times(&note, &[9]), Err("tlog.cosignature_invalid"), "byte {byte}");
        }
        for length in [5, 11, 12, 75, 77] {
            let mut bytes = good.clone();
            bytes.resize(length, 0);
            let note = format!("{head} {}\n", BASE64.encode(&bytes));
            assert_eq!(times(&note, &[9]), Err("tlog.cosignature_invalid"), "{length} bytes");
        }
        assert_eq!(times(&COSIGNED.replace("\n7\n", "\n8\n"), &[9]), Err("tlog.cosignature_invalid"));
        let renamed = COSIGNED.replace("example/w1", "example/w2");
        assert_eq!(times(&renamed, &[9]), Ok(vec![]), "another name has another key id");
    }

    #[test]
    fn a16_each_witness_counts_once_with_its_earliest_time() {
        let all = format!("{}{}{}{}", note(), line(9, TIME + 5), line(8, TIME + 1), line(9, TIME));
        assert_eq!(times(&all, &[8, 9]), Ok(vec![TIME, TIME + 1]));
        let other_name = cosign(&parse(&note()), &name("w"), seconds(TIME - 1), &witness(9)).unwrap();
        assert_eq!(times(&format!("{all}{other_name}"), &[9]), Ok(vec![TIME - 1]));
    }

    #[test]
    fn k22_a_time_that_is_none_is_refused_even_if_it_is_signed() {
        let signed = |at: u64| {
            let message = Message::cosignature(at, parse(&note()).unverified_text()).unwrap();
            let signature = witness(9).sign(&message).unwrap();
            let id = cosigner_key_id(&name("w"), &witness(9).public_key());
            let bytes = [id.as_slice(), &at.to_be_bytes(), &signature.0].concat();
            format!("{}{DASH}w {}\n", note(), BASE64.encode(&bytes))
        };
        assert_eq!(times(&signed(1), &[9]), Ok(vec![1]));
        assert_eq!(times(&signed(253_370_764_799), &[9]), Ok(vec![253_370_764_799]));
        for absurd in [0, 253_370_764_800, u64::MAX / 1000, u64::MAX] {
            assert_eq!(times(&signed(absurd), &[9]), Err("tlog.cosignature_time"), "{absurd}");
        }
    }

    #[test]
    fn only_a_witness_cosigns_and_only_at_a_time_that_is_one() {
        let note = parse(&note());
        let code = |at: u64, key: &SigningKey| {
            cosign(&note, &name("w"), seconds(at), key).map_or_else(|error| error.code(), |_| "ok")
        };
        assert_eq!(code(1, &witness(9)), "ok");
        assert_eq!(code(0, &witness(9)), "tlog.cosign_time");
        assert_eq!(code(253_370_764_800, &witness(9)), "tlog.cosign_time");
        assert_eq!(code(1, &log()), "sign.role_mismatch");
    }
}
