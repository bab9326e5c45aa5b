//! Signature metadata: which key signed, how, and the signature.

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::{PluginDocument, PluginFormatError, keyring::is_key_id};

/// The most bytes of signature metadata: a signature by the largest key has 1,368 characters, a
/// key id 128.
pub const MAX_PLUGIN_SIGNATURE_BYTES: usize = 4096;
/// The one algorithm: RSASSA-PKCS1-v1_5 with SHA-256, as signature metadata names it.
pub const PLUGIN_ALGORITHM: &str = "rsa-sha256";

const FIELDS: [&str; 3] = ["key_id", "algorithm", "signature"];

/// Signature metadata as read: nothing in it is believed but which key to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PluginSignature {
    pub(super) key_id: String,
    pub(super) algorithm: String,
    pub(super) signature: Vec<u8>,
}

impl PluginSignature {
    /// Reads `{"key_id": …, "algorithm": …, "signature": …}`, each once and nothing else. What the
    /// algorithm is, and whether there is a signature at all, is judged later.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PluginFormatError> {
        let malformed = |rule| PluginDocument::Signature.malformed(rule);
        let object = PluginDocument::Signature.read(bytes, MAX_PLUGIN_SIGNATURE_BYTES)?;
        if object.keys().any(|name| !FIELDS.contains(&name.as_str())) {
            return Err(malformed("it has a field beside `key_id`, `algorithm` and `signature`"));
        }
        let key_id = text(&object, "key_id").filter(|id| is_key_id(id));
        let signature = text(&object, "signature").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        Ok(Self {
            key_id: key_id.ok_or(malformed("`key_id` is not 1 to 128 visible ASCII characters"))?.to_owned(),
            algorithm: text(&object, "algorithm").ok_or(malformed("no text `algorithm`"))?.to_owned(),
            signature: signature.ok_or(malformed("`signature` is not padded standard base64"))?,
        })
    }
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str)
}
