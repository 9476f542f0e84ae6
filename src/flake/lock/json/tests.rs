use super::*;

fn accepts(text: &str) -> bool {
    parse(text).is_ok()
}

/// What holds what, and every text.
fn shape(document: &Document<'_>, id: ValueId) -> String {
    match &document.get(id).kind {
        Kind::Array(_) => {
            format!("[{}]", document.items(id).iter().map(|item| shape(document, *item) + ",").collect::<String>())
        }
        Kind::Object(_) => {
            // Of repeated keys the last one counts, as in a map.
            let members = document.members(id).iter();
            let members: std::collections::BTreeMap<_, _> =
                members.map(|member| (member.key.to_string(), shape(document, member.value))).collect();
            format!("{members:?}")
        }
        Kind::String(text) => format!("{text:?}"),
        other => other.type_name().to_owned(),
    }
}

fn shape_of(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("[{}]", items.iter().map(|item| shape_of(item) + ",").collect::<String>()),
        Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> =
                members.iter().map(|(key, value)| (key.clone(), shape_of(value))).collect();
            format!("{members:?}")
        }
    }
}

#[test]
fn the_same_texts_as_serde_json() {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\u00e9\\n\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "1",
        "-1",
        "0",
        "01",
        "-",
        "1.5",
        "1.",
        "1e5",
        "1e",
        "1E+2",
        "null",
        "true",
        "fals",
        " ",
        "\n",
        "\"",
        "\\",
        "é",
        "\u{1}",
        "18446744073709551616",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).expect("smaller than the bound")
    };
    let mut accepted = 0;
    for _ in 0..60_000 {
        let text: String = (0..=next(14)).map(|_| pieces[next(pieces.len())]).collect();
        let wanted = serde_json::from_str::<serde_json::Value>(&text).ok();
        let read = parse(&text).ok();
        assert_eq!(read.map(|document| shape(&document, Document::ROOT)), wanted.as_ref().map(shape_of), "{text:?}");
        accepted += usize::from(wanted.is_some());
    }
    assert!(accepted > 500, "the generator makes too few valid texts: {accepted}");
}

#[test]
fn places_and_values() {
    let document = parse("{\"a\": [1, \"\\u0041b\"], \"a\": {}}").expect("valid");
    let member = document.member(Document::ROOT, "a").expect("written above");
    assert_eq!(member.key_span, Span::new(22, 25));
    assert_eq!(document.get(member.value).kind.type_name(), "object");
    assert!(document.members(member.value).is_empty());
    let items = document.items(document.members(Document::ROOT)[0].value);
    assert_eq!((items.len(), document.string(items[1])), (2, Some("Ab")));
}

#[test]
fn depth_is_no_limit() {
    let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(accepts(&text));
    assert!(!accepts(&"{\"a\":".repeat(1_000_000)));
}

#[test]
fn more_values_than_memory_holds_are_refused() {
    for (text, at) in
        [("[1,[],2,{}]", None), ("[1,[],2,{},3]", Some(11)), ("[[[[[[", Some(5)), ("{\"a\":[1,2,3,4]}", Some(12))]
    {
        let read = Reader::new(text, 0, 5).read();
        let refused = read.err().map(|error| (error.offset, error.message));
        assert_eq!(refused, at.map(|at| (at, "more values than any lock has".to_owned())), "{text}");
    }
}

#[test]
fn byte_order_mark() {
    assert!(accepts("\u{feff}{}"));
    assert!(!accepts("{}x"));
    assert!(!accepts(""));
}
