//! The one strict JSON reader: no duplicate key at any depth, no floats, bounded depth and size.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
};
use serde_json::{Map, Number, Value};

/// What a JSON document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// The most bytes, checked before anything is parsed.
    pub bytes: usize,
    /// The deepest nesting of arrays and objects.
    pub depth: usize,
}

impl JsonLimits {
    /// `bytes` bytes and a depth of 32, which no format of ours comes near.
    #[must_use]
    pub const fn bytes(bytes: usize) -> Self {
        Self { bytes, depth: 32 }
    }
}

/// The largest integer that every JSON reader holds exactly: 2^53.
const MAX_SAFE_INTEGER: u64 = 1 << 53;

/// Why a JSON document was refused. Its text is never echoed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More bytes than allowed.
    #[error("{actual} bytes of JSON, at most {limit} are allowed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size offered.
        actual: usize,
    },
    /// Nested deeper than allowed.
    #[error("JSON nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// One object holds a key twice.
    #[error("a JSON object holds the same key twice (line {line}, column {column})")]
    DuplicateKey {
        /// Line, from 1.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A fraction, an exponent, `-0`, or an integer beyond 2^53.
    #[error("JSON numbers are integers up to 2^53 here (line {line}, column {column})")]
    Number {
        /// Line, from 1.
        line: usize,
        /// Column.
        column: usize,
    },
    /// Not JSON, or something before or after the one value.
    #[error("not one valid JSON value (line {line}, column {column})")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A field that this format does not have.
    #[error("the JSON has a field this format does not know: {detail}")]
    UnknownField {
        /// Which fields are known.
        detail: String,
    },
    /// A field is missing or of another type.
    #[error("the JSON is not of the expected shape: {detail}")]
    Shape {
        /// What was expected.
        detail: String,
    },
}

crate::codes!(JsonError {
    TooLarge => ("input.json_too_large", Limit, "send a smaller document"),
    TooDeep => ("input.json_too_deep", Limit, "nest less deeply"),
    DuplicateKey => ("input.duplicate_key", Refused, "name every key once"),
    Number => ("input.number", Refused, "write big or fractional numbers as strings"),
    Syntax => ("input.json_malformed", Refused, "send exactly one JSON value in UTF-8, without a byte order mark"),
    UnknownField => ("input.unknown_field", Refused, "remove the field, or check its spelling and case"),
    Shape => ("input.json_shape", Refused, "see the format's page for the fields and their types"),
});

const DUPLICATE: &str = "reach:duplicate";
const NUMBER: &str = "reach:number";
const DEPTH: &str = "reach:depth";

struct Strict {
    depth: usize,
    /// Whether any number is taken, and not only integers up to 2^53.
    any_number: bool,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom(DEPTH))?;
        Ok(Self { depth, ..*self })
    }

    fn number<E: serde::de::Error>(&self, safe: bool, number: Option<Number>) -> Result<Value, E> {
        number.filter(|_| safe || self.any_number).map(Value::Number).ok_or_else(|| E::custom(NUMBER))
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.number(value <= MAX_SAFE_INTEGER, Some(value.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.number(value.unsigned_abs() <= MAX_SAFE_INTEGER, Some(value.into()))
    }

    // serde_json reads `-0`, fractions and exponents as floats: all of them end here.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.number(false, Number::from_f64(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict { ..inner })? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(DUPLICATE));
            }
            let value = entries.next_value_seed(Strict { ..inner })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Reads exactly one JSON value under `limits`.
///
/// # Errors
/// [`JsonError::TooLarge`] before anything is parsed; then [`JsonError::TooDeep`],
/// [`JsonError::DuplicateKey`], [`JsonError::Number`] or [`JsonError::Syntax`].
pub fn read_json_value(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonError> {
    read(bytes, limits, false)
}

/// Reads exactly one JSON value under `limits`, in which numbers may be of any kind: for content
/// that somebody else defines. What is no integer, or beyond 2^53, comes out as a number near it.
///
/// # Errors
/// What [`read_json_value`] refuses; [`JsonError::Number`] only for a number beyond every float.
pub fn read_json_any_number(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonError> {
    read(bytes, limits, true)
}

fn read(bytes: &[u8], limits: JsonLimits, any_number: bool) -> Result<Value, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLarge { limit: limits.bytes, actual: bytes.len() });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { depth: limits.depth, any_number }.deserialize(&mut reader);
    let value = read.map_err(|error| classify(&error, limits))?;
    reader.end().map_err(|error| classify(&error, limits))?;
    Ok(value)
}

/// Reads exactly one JSON value of the shape `T` under `limits`.
///
/// # Errors
/// What [`read_json_value`] refuses, and [`JsonError::UnknownField`] or [`JsonError::Shape`] when
/// the value is not a `T`.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8], limits: JsonLimits) -> Result<T, JsonError> {
    let value = read_json_value(bytes, limits)?;
    T::deserialize(ByName(value)).map_err(|error| shape_error(&error.to_string()))
}

/// What serde says of the expected shape, without what it says of the value: that is somebody
/// else's text.
fn shape_error(text: &str) -> JsonError {
    let expected =
        text.rsplit_once(", expected").map_or_else(|| text.to_owned(), |(_, rest)| format!("expected{rest}"));
    let detail: String = expected.chars().filter(|c| !c.is_control()).take(200).collect();
    if text.starts_with("unknown field") { JsonError::UnknownField { detail } } else { JsonError::Shape { detail } }
}

/// Reads structures from objects only: serde would take an array for any structure, its fields by
/// position, and so go round every check of their names.
struct ByName(Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for ByName {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ByName {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(ByName));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, ByName(value))));
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if self.0.is_object() { self.deserialize_any(visitor) } else { Err(Self::Error::custom("expected an object")) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

fn classify(error: &serde_json::Error, limits: JsonLimits) -> JsonError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    if text.starts_with(DUPLICATE) {
        JsonError::DuplicateKey { line, column }
    } else if text.starts_with(NUMBER) || text.starts_with("number out of range") {
        JsonError::Number { line, column }
    } else if text.starts_with(DEPTH) || text.starts_with("recursion limit") {
        JsonError::TooDeep { limit: limits.depth }
    } else {
        JsonError::Syntax { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn code(text: &[u8]) -> &'static str {
        read_json_value(text, JsonLimits::bytes(4096)).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn p14_duplicate_keys_are_refused_at_any_depth() {
        assert_eq!(code(br#"{"tool":"a","tool":"b"}"#), "input.duplicate_key");
        assert_eq!(code(br#"[{"x":{"y":1,"y":1}}]"#), "input.duplicate_key");
        assert_eq!(code(br#"{"tool":"a","t\u006fol":"b"}"#), "input.duplicate_key");
        assert_eq!(code(br#"{"tool":"a","Tool":"b"}"#), "ok");
    }

    #[test]
    fn k51_numbers_are_safe_integers() {
        for bad in ["9007199254740993", "1e400", "1e3", "-0", "1.0", "-9007199254740993"] {
            assert_eq!(code(bad.as_bytes()), "input.number", "{bad}");
        }
        for good in ["9007199254740992", "-9007199254740992", "0"] {
            assert_eq!(code(good.as_bytes()), "ok", "{good}");
        }
        assert_eq!(code(b"NaN"), "input.json_malformed");
        assert_eq!(code(br#""\ud800""#), "input.json_malformed");
        assert_eq!(code(br#""\ud83d\ude00""#), "ok");
    }

    #[test]
    fn k51_any_number_is_taken_where_somebody_else_says_so() {
        let read = |text: &str| {
            let value = read_json_any_number(text.as_bytes(), JsonLimits::bytes(64));
            value.map_or_else(|error| error.code().to_owned(), |value| value.to_string())
        };
        for same in ["0.5", "[1,-2.5]", "9007199254740993", "-9007199254740993", "18446744073709551615", "7"] {
            assert_eq!(read(same), same);
        }
        assert_eq!(read("1e3"), "1000.0");
        assert_eq!(read("1e400"), "input.number");
        assert_eq!(read(r#"{"a":0.5,"a":0.5}"#), "input.duplicate_key");
        assert_eq!(read(&"[".repeat(33)), "input.json_too_deep");
        assert_eq!(read(&" ".repeat(65)), "input.json_too_large");
    }

    #[test]
    fn p16_exactly_one_value() {
        for bad in [&b""[..], b"{} {}", b"\xef\xbb\xbf{}", b"{\"a\":1", b"{}\0", b"\"\xff\""] {
            assert_eq!(code(bad), "input.json_malformed", "{bad:?}");
        }
    }

    #[test]
    fn p34_size_and_depth_are_bounded() {
        assert_eq!(code(&vec![b' '; 4097]), "input.json_too_large");
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(code(nested(32).as_bytes()), "ok");
        assert_eq!(code(nested(33).as_bytes()), "input.json_too_deep");
        assert_eq!(code("[".repeat(4000).as_bytes()), "input.json_too_deep");
    }

    #[test]
    fn p16_a_structure_is_never_an_array_at_any_depth() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Outer {
            list: Vec<Inner>,
            map: std::collections::BTreeMap<String, Option<Inner>>,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Inner {
            a: u8,
        }
        let read =
            |text: &str| read_json::<Outer>(text.as_bytes(), JsonLimits::bytes(99)).map_err(|error| error.code());
        let good = Outer { list: vec![Inner { a: 1 }], map: [("x".to_owned(), None)].into() };
        assert_eq!(read(r#"{"list":[{"a":1}],"map":{"x":null}}"#), Ok(good));
        assert_eq!(read(r#"{"list":[[1]],"map":{}}"#), Err("input.json_shape"));
        assert_eq!(read(r#"{"list":[],"map":{"x":[1]}}"#), Err("input.json_shape"));
        assert_eq!(read(r#"[[],{}]"#), Err("input.json_shape"));
    }

    #[test]
    fn p15_p21_unknown_fields_are_named_as_such() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            #[expect(dead_code, reason = "only its presence matters")]
            name: String,
        }
        let read = |text: &str| read_json::<Named>(text.as_bytes(), JsonLimits::bytes(99)).unwrap_err().code();
        assert_eq!(read(r#"{"name":"a","Name":"b"}"#), "input.unknown_field");
        assert_eq!(read(r#"{"name":"a","approved":true}"#), "input.unknown_field");
        assert_eq!(read(r#"{"name":1}"#), "input.json_shape");
        assert_eq!(read("{}"), "input.json_shape");
        assert_eq!(read(r#"["a"]"#), "input.json_shape");
        for text in [r#"{"name":{"s3cret":1}}"#, r#"{"s3cret":1}"#, r#""s3cret""#] {
            let error = read_json::<Named>(text.as_bytes(), JsonLimits::bytes(99)).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
