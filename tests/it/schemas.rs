//! The schemas in `schemas/` say what the parser takes and what the report holds. (`tests/schemas/run` validates real
//! output against them.)

use expect_test::expect_file;
use preflake::config::Settings;
use preflake::rules::RULES;
use serde_json::{Map, Value, json};

const CONFIG: &str = include_str!("../../schemas/preflake.toml.schema.json");
const REPORT: &str = include_str!("../../schemas/report-v1.schema.json");

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_rules_in_the_schema_are_the_rules() {
    let mut schema = read(CONFIG);
    let rule = |rule: &preflake::rules::Rule| {
        (rule.name.to_owned(), json!({ "$ref": "#/definitions/level", "description": rule.summary }))
    };
    schema["properties"]["rules"]["properties"] = RULES.iter().map(|known| rule(known)).collect::<Map<_, _>>().into();
    let text = serde_json::to_string_pretty(&schema).expect("it was read");
    expect_file!["../../schemas/preflake.toml.schema.json"].assert_eq(&format!("{text}\n"));
}

/// A value that a part of the schema allows, as TOML.
fn sample(schema: &Value, part: &Value) -> String {
    if let Some(name) = part["$ref"].as_str().and_then(|path| path.strip_prefix("#/definitions/")) {
        return sample(schema, &schema["definitions"][name]);
    }
    match part["type"].as_str().expect("a type") {
        "array" => "[\"a\"]".to_owned(),
        "integer" => part["maximum"].to_string(),
        _ => part["enum"][0].to_string(),
    }
}

/// Every setting of the schema, as a table (or none), a key and its part of the schema.
fn settings(schema: &Value) -> Vec<(Option<String>, String, Value)> {
    let mut settings = Vec::new();
    for (name, part) in schema["properties"].as_object().expect("properties") {
        match part["properties"].as_object() {
            None => settings.push((None, name.clone(), part.clone())),
            Some(below) => {
                settings.extend(below.iter().map(|(key, part)| (Some(name.clone()), key.clone(), part.clone())));
            }
        }
    }
    settings
}

fn toml(table: Option<&str>, key: &str, value: &str) -> String {
    let head = table.map(|table| format!("[{table}]\n")).unwrap_or_default();
    format!("{head}{key} = {value}\n")
}

#[test]
fn the_parser_takes_what_the_schema_names() {
    let schema = read(CONFIG);
    for (table, key, part) in settings(&schema) {
        let text = toml(table.as_deref(), &key, &sample(&schema, &part));
        assert!(Settings::from_toml(&text, "preflake.toml").is_ok(), "{text}");
        for wrong in ["{ }", "1.5"] {
            let text = toml(table.as_deref(), &key, wrong);
            assert!(Settings::from_toml(&text, "preflake.toml").is_err(), "{text}");
        }
    }
    let too_many = toml(Some("outdated-nixpkgs"), "max-age-days", "4294967296");
    assert!(Settings::from_toml(&too_many, "preflake.toml").is_err(), "{too_many}");
}

/// The parser says which keys it knows when it is given another.
#[test]
fn the_schema_names_what_the_parser_takes() {
    let schema = read(CONFIG);
    let known = |text: &str| -> Vec<String> {
        let error = Settings::from_toml(text, "preflake.toml").expect_err("no such key").message;
        let mut names: Vec<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        names.sort();
        names
    };
    let names = |part: &Value| part["properties"].as_object().expect("keys").keys().cloned().collect::<Vec<_>>();
    assert_eq!(known("nonsense = 1"), names(&schema));
    for (table, part) in schema["properties"].as_object().expect("keys") {
        assert!(part["$ref"].is_string() || part["additionalProperties"] == false, "{table}");
        if table != "rules" && part["properties"].is_object() {
            assert_eq!(known(&format!("[{table}]\nnonsense = 1")), names(part), "{table}");
        }
    }
    assert!(Settings::from_toml("[rules]\nnonsense = \"warn\"", "preflake.toml").is_err());
}

#[test]
fn the_report_is_described_and_may_grow() {
    let schema = read(REPORT);
    let mut pending = vec![("report".to_owned(), schema)];
    while let Some((name, part)) = pending.pop() {
        let Some(part) = part.as_object() else { continue };
        if let Some(properties) = part.get("properties").and_then(Value::as_object) {
            assert!(!part.contains_key("additionalProperties"), "{name}: a version may get more fields");
            let required = part["required"].as_array().expect("a list");
            assert!(required.iter().all(|key| properties.contains_key(key.as_str().expect("text"))), "{name}");
        }
        pending.extend(part.iter().map(|(key, value)| (format!("{name}/{key}"), value.clone())));
    }
}
