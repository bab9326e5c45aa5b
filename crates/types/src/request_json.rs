//! Requests as nearly all of them arrive, read in one pass: no tree of values, no text twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ModelId, ModelKey, Request, Scope, ToolId};

/// Reads `bytes` if nothing at all is wrong with them and no text in them is escaped. Everything
/// else is for the careful reader, which says what is wrong: this one accepts nothing that it
/// refuses. The caller has bounded the bytes.
pub(crate) fn read_flawless(bytes: &[u8]) -> Option<Request> {
    let mut scan = Scanner { left: str::from_utf8(bytes).ok()? };
    let (mut tools, mut scopes, mut models) = (None, None, None);
    scan.entries('{', '}', |scan| {
        match scan.key()? {
            "tools" if tools.is_none() => tools = Some(scan.set(|text| ToolId::parse(text).ok())?),
            "scopes" if scopes.is_none() => scopes = Some(scan.set(|text| Scope::parse(text).ok())?),
            "models" if models.is_none() => models = Some(scan.models()?),
            _ => return None,
        }
        Some(())
    })?;
    scan.space();
    let request = || Request {
        tools: tools.unwrap_or_default(),
        scopes: scopes.unwrap_or_default(),
        models: models.unwrap_or_default(),
    };
    scan.left.is_empty().then(request)
}

/// What is left to read. Every method answers `None` when it meets anything else than it looks for.
struct Scanner<'a> {
    left: &'a str,
}

impl<'a> Scanner<'a> {
    fn space(&mut self) {
        self.left = self.left.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.space();
        self.left = self.left.strip_prefix(sign)?;
        Some(())
    }

    /// A text up to the next quote, which its escapes would be part of: so whoever takes it must
    /// refuse a `\`, as every grammar here does.
    fn text(&mut self) -> Option<&'a str> {
        self.sign('"')?;
        let (text, left) = self.left.split_once('"')?;
        self.left = left;
        Some(text)
    }

    fn key(&mut self) -> Option<&'a str> {
        let key = self.text()?;
        self.sign(':').map(|()| key)
    }

    /// At most [`Request::MAX_ENTRIES`] entries between `open` and `close`.
    fn entries(&mut self, open: char, close: char, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sign(open)?;
        if self.sign(close).is_some() {
            return Some(());
        }
        for _ in 0..Request::MAX_ENTRIES {
            one(self)?;
            if self.sign(close).is_some() {
                return Some(());
            }
            self.sign(',')?;
        }
        None
    }

    fn set<T: Ord>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Option<BTreeSet<T>> {
        let mut set = BTreeSet::new();
        self.entries('[', ']', |scan| {
            set.insert(parse(scan.text()?)?);
            Some(())
        })?;
        Some(set)
    }

    fn models(&mut self) -> Option<BTreeMap<ModelKey, ModelId>> {
        let mut models = BTreeMap::new();
        self.entries('{', '}', |scan| {
            let key = ModelKey::parse(scan.key()?).ok()?;
            let model = ModelId::parse(scan.text()?).ok()?;
            models.insert(key, model).is_none().then_some(())
        })?;
        Some(models)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Code;

    const GOOD: &str = r#" {"tools" : ["fs.list","fs.list"],"models":{"planner":"a.b"}, "scopes":["a:b" , "c"]}"#;

    fn code(text: &str) -> &'static str {
        Request::from_json(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn a_request_without_a_flaw_is_read_at_once() {
        let request = read_flawless(GOOD.as_bytes()).unwrap();
        assert_eq!(Ok(&request), Request::from_json_carefully(GOOD.as_bytes()).as_ref());
        assert_eq!((request.tools.len(), request.scopes.len(), request.models.len()), (1, 2, 1));
        assert_eq!(read_flawless(b"\t{\r\n}  "), Some(Request::default()));
        assert_eq!(read_flawless(br#"{"tools":[ ],"models":{ }}"#), Some(Request::default()));
    }

    #[test]
    fn p14_p15_p16_what_is_flawed_keeps_its_code() {
        for (flawed, expected) in [
            (r#"{"tools":[],"tools":[]}"#, "input.duplicate_key"),
            (r#"{"tools":[],"\u0074ools":[]}"#, "input.duplicate_key"),
            (r#"{"scopes":[],"scopes":[]}"#, "input.duplicate_key"),
            (r#"{"models":{},"models":{}}"#, "input.duplicate_key"),
            (r#"{"models":{"a":"x","a":"x"}}"#, "input.duplicate_key"),
            (r#"{"models":{"a":"x","\u0061":"y"}}"#, "input.duplicate_key"),
            (r#"{"tools":[],"Tools":[]}"#, "input.unknown_field"),
            (r#"{"tool":["a"]}"#, "input.unknown_field"),
            (r#"[["a"],["b"],{}]"#, "input.json_shape"),
            (r#"{"tools":{}}"#, "input.json_shape"),
            (r#"{"tools":[["a"]]}"#, "input.json_shape"),
            (r#"{"models":[]}"#, "input.json_shape"),
            (r#"{"tools":null}"#, "input.json_shape"),
            (r#"{"tools":[1]}"#, "input.json_shape"),
            (r#"{"tools":[1.5]}"#, "input.number"),
            (r#"{"tools":["a",]}"#, "input.json_malformed"),
            (r#"{"tools":[,]}"#, "input.json_malformed"),
            (r#"{"tools":["a" "b"]}"#, "input.json_malformed"),
            (r#"{"tools":["a"],}"#, "input.json_malformed"),
            (r#"{"tools" ["a"]}"#, "input.json_malformed"),
            (r#"{"tools":["a"}"#, "input.json_malformed"),
            (r#"{"tools":["a"#, "input.json_malformed"),
            (r#"{} {}"#, "input.json_malformed"),
            ("{}\0", "input.json_malformed"),
            ("\u{feff}{}", "input.json_malformed"),
            ("\u{c}{}", "input.json_malformed"),
            ("\u{a0}{}", "input.json_malformed"),
            ("", "input.json_malformed"),
            (r#"{"tools":["a\b"]}"#, "policy.identifier_malformed"),
            (r#"{"models":{"a":"B"}}"#, "policy.identifier_malformed"),
            (r#"{"scopes":["a:*"]}"#, "policy.scope_wildcard_in_request"),
        ] {
            assert_eq!(read_flawless(flawed.as_bytes()), None, "{flawed}");
            assert_eq!(code(flawed), expected, "{flawed}");
        }
        assert_eq!(code(r#"{"\u0074ools":["\u0061"]}"#), "ok");
    }

    #[test]
    fn p34_entries_are_counted_while_they_are_read() {
        let list = |field: &str, entries: usize| format!(r#"{{"{field}":["a"{}]}}"#, r#","a""#.repeat(entries - 1));
        for field in ["tools", "scopes"] {
            let most = list(field, Request::MAX_ENTRIES);
            assert_eq!(read_flawless(most.as_bytes()), Request::from_json_carefully(most.as_bytes()).ok());
            assert_eq!(code(&most), "ok");
            let more = list(field, Request::MAX_ENTRIES + 1);
            assert_eq!(read_flawless(more.as_bytes()), None);
            assert_eq!(code(&more), "policy.request_too_large");
        }
        let models = |entries: usize| {
            let pairs: Vec<String> = (0..entries).map(|index| format!(r#""k{index}":"m""#)).collect();
            format!(r#"{{"models":{{{}}}}}"#, pairs.join(","))
        };
        assert_eq!(read_flawless(models(Request::MAX_ENTRIES).as_bytes()).unwrap().models.len(), Request::MAX_ENTRIES);
        assert_eq!(code(&models(Request::MAX_ENTRIES + 1)), "policy.request_too_large");
        let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert_eq!(code(&padded(Request::MAX_JSON_BYTES)), "ok");
        assert_eq!(code(&padded(Request::MAX_JSON_BYTES + 1)), "input.json_too_large");
    }

    /// What a request may be made of, and what only looks like it.
    const PARTS: [&str; 40] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"tools\"",
        "\"scopes\"",
        "\"models\"",
        "\"tools\":[",
        "\"scopes\":[",
        "\"models\":{",
        "\"\\u0074ools\"",
        "\"Tools\"",
        "\"mode\"",
        "\"a\"",
        "\"a.b\"",
        "\"a:b\"",
        "\"a:*\"",
        "\"*\"",
        "\"A\"",
        "\"\\u0061\"",
        "\"\\\"",
        "\"",
        "\"\"",
        " ",
        "\n",
        "\u{c}",
        "\u{feff}",
        "0",
        "-0",
        "1e9",
        "null",
        "\u{e9}",
    ];

    /// A well-formed request, spelled in any way JSON has for it.
    fn spelled_request() -> impl Strategy<Value = String> {
        let text =
            prop_oneof![8 => Just("\"a\""), 4 => Just("\"b.c\""), 4 => Just("\"a:b\""), 1 => Just("\"\\u0061\"")];
        let list = proptest::collection::vec(text.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,")));
        let pairs = proptest::collection::vec((text.clone(), text), 0..3).prop_map(|pairs| {
            let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}:\t{value}")).collect();
            format!("{{{}}}", pairs.join(","))
        });
        let name = prop_oneof![
            6 => Just("\"tools\""), 6 => Just("\"scopes\""), 6 => Just("\"models\""), 1 => Just("\"\\u0074ools\"")
        ];
        let field = (name, prop_oneof![2 => list, 1 => pairs]).prop_map(|(name, value)| format!("{name} :{value}"));
        proptest::collection::vec(field, 0..4).prop_map(|fields| format!("\n{{{}}}", fields.join(",")))
    }

    fn agrees(text: &str) -> Result<(), TestCaseError> {
        let careful = Request::from_json_carefully(text.as_bytes());
        if let Some(request) = read_flawless(text.as_bytes()) {
            prop_assert_eq!(careful.as_ref(), Ok(&request), "{}", text);
        } else {
            prop_assert!(careful.is_err() || text.contains('\\'), "{}", text);
        }
        prop_assert_eq!(Request::from_json(text.as_bytes()), careful, "{}", text);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn both_readers_agree_on_requests(text in spelled_request()) {
            agrees(&text)?;
        }

        #[test]
        fn both_readers_agree_on_requests_with_a_flaw(
            text in spelled_request(),
            at in any::<prop::sample::Index>(),
            removed in 0..3usize,
            part in prop::sample::select(PARTS.as_slice()),
        ) {
            let mut flawed: Vec<char> = text.chars().collect();
            let start = at.index(flawed.len());
            let end = (start + removed).min(flawed.len());
            flawed.splice(start..end, part.chars());
            agrees(&flawed.iter().collect::<String>())?;
        }

        #[test]
        fn both_readers_agree_on_anything_alike(parts in proptest::collection::vec(prop::sample::select(PARTS.as_slice()), 0..12)) {
            agrees(&parts.concat())?;
            agrees(&format!("{{{}}}", parts.concat()))?;
        }
    }
}
