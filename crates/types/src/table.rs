//! Reading a structure from a table only: serde would take a list for one, its fields by position,
//! and so go round every check of their names. For `#[serde(deserialize_with = "table::one")]`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A structure that stands as a table.
struct Table<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfTable(PhantomData))
    }
}

struct OfTable<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfTable<T> {
    type Value = Table<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Table)
    }
}

/// One table.
///
/// # Errors
/// Whatever `T` refuses, and a list in the place of the table.
pub fn one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Table::deserialize(deserializer).map(|Table(value)| value)
}

/// A list of tables.
///
/// # Errors
/// As [`one`], for each.
pub fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let tables: Vec<Table<T>> = Vec::deserialize(deserializer)?;
    Ok(tables.into_iter().map(|Table(value)| value).collect())
}

/// A table, or nothing: with `#[serde(default)]`.
///
/// # Errors
/// As [`one`].
pub fn optional<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    one(deserializer).map(Some)
}
