//! Random small schemas against a validator that knows nothing of the comparison: whatever is said
//! to be widened accepts every value that was accepted before, and the other way round.

use std::cell::Cell;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::told;

/// Whether `schema` accepts `value`, keyword by keyword.
fn accepts(document: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(keywords) = schema else { return schema == &json!(true) };
    keywords.iter().all(|(keyword, rule)| meets(document, keywords, keyword, rule, value))
}

fn meets(document: &Value, keywords: &Map<String, Value>, keyword: &str, rule: &Value, value: &Value) -> bool {
    let accepts = |schema: &Value, value: &Value| accepts(document, schema, value);
    let bound = rule.as_i64().unwrap_or_default();
    match (keyword, value) {
        ("type", _) => match rule {
            Value::Array(types) => types.iter().any(|one| has_type(one, value)),
            one => has_type(one, value),
        },
        ("enum", _) => rule.as_array().unwrap().contains(value),
        ("const", _) => rule == value,
        ("maximum", Value::Number(number)) => number.as_i64().unwrap() <= bound,
        ("minimum", Value::Number(number)) => number.as_i64().unwrap() >= bound,
        ("exclusiveMaximum", Value::Number(number)) => number.as_i64().unwrap() < bound,
        ("maxLength", Value::String(text)) => i64::try_from(text.len()).unwrap() <= bound,
        ("minLength", Value::String(text)) => i64::try_from(text.len()).unwrap() >= bound,
        ("pattern", Value::String(text)) => text.contains(rule.as_str().unwrap()),
        ("maxItems", Value::Array(items)) => i64::try_from(items.len()).unwrap() <= bound,
        ("minProperties", Value::Object(members)) => i64::try_from(members.len()).unwrap() >= bound,
        ("required", Value::Object(members)) => {
            rule.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
        }
        ("properties", Value::Object(members)) => {
            members.iter().all(|(name, one)| rule.get(name).is_none_or(|schema| accepts(schema, one)))
        }
        ("additionalProperties", Value::Object(members)) => {
            let named = |name: &str| keywords.get("properties").is_some_and(|named| named.get(name).is_some());
            members.iter().all(|(name, one)| named(name) || accepts(rule, one))
        }
        ("items", Value::Array(items)) => items.iter().all(|one| accepts(rule, one)),
        ("anyOf", _) => rule.as_array().unwrap().iter().any(|one| accepts(one, value)),
        ("allOf", _) => rule.as_array().unwrap().iter().all(|one| accepts(one, value)),
        ("not", _) => !accepts(rule, value),
        ("$ref", _) => {
            let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            document.pointer(&format!("/$defs/{name}")).is_none_or(|schema| accepts(schema, value))
        }
        _ => true,
    }
}

fn has_type(name: &Value, value: &Value) -> bool {
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    name == actual || (name == "number" && actual == "integer")
}

/// Every value that the schemas below can tell apart.
fn values() -> Vec<Value> {
    let scalars = [json!(null), json!(true), json!(0), json!(1), json!(2), json!(""), json!("a"), json!("ab")];
    let mut all = scalars.to_vec();
    all.extend([json!([]), json!({})]);
    for one in &scalars {
        all.extend([json!([one]), json!({ "a": one }), json!({ "b": one }), json!({ "c": one })]);
        all.extend(scalars.iter().flat_map(|two| [json!([one, two]), json!({ "a": one, "b": two })]));
    }
    all.extend([json!({ "a": { "a": 1 } }), json!({ "a": [1] }), json!([[2]]), json!([{ "b": "a" }])]);
    all
}

/// One keyword with its rule; the last two kinds are not understood by the comparison, or say nothing.
fn keyword(inner: BoxedStrategy<Value>) -> BoxedStrategy<(String, Value)> {
    let number = |name: &'static str| (0..3i64).prop_map(move |n| (name.to_owned(), json!(n))).boxed();
    let scalar = || select(vec![json!(null), json!(1), json!("a"), json!("ab")]);
    let types = || select(vec!["null", "integer", "number", "string", "object", "array"]);
    let names = || vec(select(vec!["a", "b"]), 0..3);
    let listed = |name: &'static str, inner: &BoxedStrategy<Value>| {
        vec(inner.clone(), 1..3).prop_map(move |list| (name.to_owned(), json!(list))).boxed()
    };
    let nested = |name: &'static str, inner: &BoxedStrategy<Value>| {
        inner.clone().prop_map(move |one| (name.to_owned(), one)).boxed()
    };
    let properties = vec((select(vec!["a", "b"]), inner.clone()), 0..3).prop_map(|named| {
        (
            "properties".to_owned(),
            named.into_iter().map(|(name, one)| (name.to_owned(), one)).collect::<Map<_, _>>().into(),
        )
    });
    prop_oneof![
        types().prop_map(|one| ("type".to_owned(), json!(one))),
        vec(types(), 1..3).prop_map(|list| ("type".to_owned(), json!(list))),
        vec(scalar(), 1..4).prop_map(|list| ("enum".to_owned(), json!(list))),
        scalar().prop_map(|one| ("const".to_owned(), one)),
        select(vec!["maximum", "minimum", "exclusiveMaximum", "maxLength", "minLength", "maxItems", "minProperties"])
            .prop_flat_map(number),
        select(vec!["a", "b"]).prop_map(|one| ("pattern".to_owned(), json!(one))),
        names().prop_map(|list| ("required".to_owned(), json!(list))),
        properties.boxed(),
        nested("additionalProperties", &inner),
        nested("items", &inner),
        listed("anyOf", &inner),
        listed("allOf", &inner),
        select(vec!["x", "y"]).prop_map(|one| ("$ref".to_owned(), json!(format!("#/$defs/{one}")))),
        select(vec!["one", "two"]).prop_map(|text| ("description".to_owned(), json!(text))),
        nested("not", &inner),
    ]
    .boxed()
}

fn schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![Just(json!(true)), Just(json!(false)), Just(json!({}))].boxed();
    let object = |inner: BoxedStrategy<Value>| {
        vec(keyword(inner), 0..3).prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
    };
    leaf.prop_recursive(2, 8, 2, move |inner| prop_oneof![1 => inner.clone(), 6 => object(inner.boxed())]).boxed()
}

/// A document and one that differs from it in one place, or is another one altogether.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let document = || (vec(keyword(schema()), 0..3), schema()).prop_map(|(pairs, x)| (pairs, x));
    (document(), document(), any::<prop::sample::Index>(), 0..4u8).prop_map(|((old, x), (new, y), at, how)| {
        let whole = |pairs: Vec<(String, Value)>, x: Value| {
            let mut object: Map<String, Value> = pairs.into_iter().collect();
            object.insert("$defs".to_owned(), json!({ "x": x }));
            Value::Object(object)
        };
        let mut edited = old.clone();
        match how {
            0 => return (whole(old, x), whole(new, y)),
            1 if !edited.is_empty() => drop(edited.remove(at.index(edited.len()))),
            2 => edited.extend(new.into_iter().take(1)),
            _ => return (whole(old.clone(), x), whole(old, y)),
        }
        (whole(old, x.clone()), whole(edited, x))
    })
}

/// Definitions may refer to themselves; only what the validator can decide is asked.
fn is_circular(document: &Value) -> bool {
    document.pointer("/$defs/x").is_some_and(|x| x.to_string().contains("#/$defs/x"))
}

#[test]
fn p19_the_class_is_true_of_what_is_accepted() {
    let values = values();
    let seen = [const { Cell::new(0) }; 3];
    let count = |class: usize| seen[class].set(seen[class].get() + 1);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&pair(), |(old, new)| {
        if is_circular(&old) || is_circular(&new) {
            return Ok(());
        }
        let of = |schema: &Value| json!({ "name": "t", "inputSchema": schema });
        let words = told(&of(&old), &of(&new));
        let within = |inner: &Value, outer: &Value| {
            values.iter().filter(|value| accepts(inner, inner, value)).all(|value| accepts(outer, outer, value))
        };
        prop_assert_eq!(words.is_empty(), old == new);
        if words.contains("widened") {
            count(0);
            prop_assert!(within(&old, &new), "{} to {}", old, new);
        } else if words.contains("narrowed") {
            count(1);
            prop_assert!(within(&new, &old), "{} to {}", old, new);
        } else if words == "description" {
            count(2);
            prop_assert!(within(&new, &old) && within(&old, &new), "{} to {}", old, new);
        }
        Ok(())
    });
    result.unwrap();
    assert!(seen.iter().all(|count| count.get() > 2), "{seen:?}");
}
