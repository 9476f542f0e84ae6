//! The rules' pages: their sections are there, and their examples do what they say.

use preflake::check::check;
use preflake::config::Settings;
use preflake::fix::{Wanted, plan};
use preflake::rules::{FixAvailability, Level, RULES, Rule};
use preflake::snapshot::{FileState, Memory, Snapshot};

/// A file of an example: path, content, state.
type File = (String, String, Option<String>);

#[test]
fn every_rule_is_registered_once_and_in_order() {
    let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut pages: Vec<String> = std::fs::read_dir(folder)
        .expect("the sources are there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".md")?.replace('_', "-")))
        .collect();
    pages.sort();
    assert_eq!(names, pages);
}

#[test]
fn every_page_has_its_sections() {
    for rule in RULES {
        let mut wanted = vec!["What it does", "Why is this bad?", "Example", "Use instead", "References"];
        if rule.fix != FixAvailability::None {
            wanted.insert(4, "Fix safety");
        }
        let found: Vec<&str> = rule.docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(found, wanted, "{}", rule.name);
        assert!(rule.docs.starts_with(&format!("# {}\n", rule.name)), "{}", rule.name);
    }
}

#[test]
fn every_example_triggers_its_rule_alone() {
    for rule in RULES {
        let found = findings(rule, &section(rule, "Example"));
        assert!(!found.is_empty(), "{}: the example triggers nothing", rule.name);
        assert!(found.iter().all(|(name, _)| *name == rule.name), "{}: {found:#?}", rule.name);
    }
}

#[test]
fn every_use_instead_is_clean() {
    for rule in RULES {
        let found = findings(rule, &section(rule, "Use instead"));
        assert!(found.is_empty(), "{}: {found:#?}", rule.name);
    }
}

/// Every fix holds what it promises, on the example of its rule's page: its findings are gone, no other comes,
/// flake.nix parses, and there is nothing left to fix.
#[test]
fn every_fix_of_an_example_holds() {
    // The example of this one needs the network.
    let fixable = |rule: &&&Rule| rule.fix != FixAvailability::None && rule.name != "stale-lock";
    for rule in RULES.iter().filter(fixable) {
        let files = section(rule, "Example");
        let mut snapshot = snapshot(&files);
        let wanted = Wanted { rules: vec![rule.name] };
        let first = plan(&mut snapshot, &settings(rule), &[], &wanted).expect("nothing to fail on in memory");
        assert!(!first.rewrites.is_empty() || !first.stage.is_empty(), "{}: nothing is fixed", rule.name);
        if first.rewrites.is_empty() {
            continue;
        }
        assert!(first.dropped.is_empty(), "{}: {:?}", rule.name, first.dropped);
        assert!(first.outcome.findings.is_empty(), "{}: {:#?}", rule.name, first.outcome.findings);
        assert!(first.outcome.flakes.iter().all(|flake| !flake.nix.is_invalid()), "{}", rule.name);
        let again = plan(&mut snapshot, &settings(rule), &[], &wanted).expect("as before");
        assert!(again.rewrites.is_empty(), "{}: a second run changes something", rule.name);
    }
}

#[test]
fn messages_are_in_style() {
    for rule in RULES {
        for (_, message) in findings(rule, &section(rule, "Example")) {
            let first = message.chars().next().unwrap_or_default();
            assert!(!first.is_uppercase(), "{message}");
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        }
    }
}

fn findings(rule: &Rule, files: &[File]) -> Vec<(&'static str, String)> {
    assert!(!files.is_empty(), "{}: no files", rule.name);
    let outcome = check(&snapshot(files), &settings(rule), &[]).expect("nothing to fail on in memory");
    outcome.findings.into_iter().map(|finding| (finding.rule, finding.message)).collect()
}

fn settings(rule: &Rule) -> Settings {
    // 2026-11-24, long after everything in the examples.
    let mut settings = Settings { now: Some(1_795_478_400), ..Settings::new() };
    if rule.level == Level::Off {
        settings.levels.insert(rule.name, Level::Warn);
    }
    settings
}

fn snapshot(files: &[File]) -> Snapshot {
    let base = |path: &str| {
        let is_base = |file: &&File| file.0 == path && file.2.as_deref() == Some("base");
        files.iter().find(is_base).map(|file| file.1.as_str())
    };
    let mut memory = Memory::new();
    for (path, content, state) in files {
        let state = match state.as_deref() {
            None => FileState::Tracked,
            Some("untracked") => FileState::Untracked,
            Some("ignored") => FileState::Ignored,
            Some("intent-to-add") => FileState::IntentToAdd,
            Some("submodule") => FileState::Submodule,
            Some("base") => continue,
            Some(other) => panic!("{path}: no state is called {other}"),
        };
        memory = memory.file(path, content, state);
        if let Some(content) = base(path) {
            memory = memory.base(content);
        }
    }
    memory.snapshot()
}

/// The files in the fences of a section.
fn section(rule: &Rule, title: &str) -> Vec<File> {
    let mut files = Vec::new();
    let (mut inside, mut open): (bool, Option<File>) = (false, None);
    for line in rule.docs.lines() {
        if let Some((_, content, _)) = &mut open {
            if line == "```" {
                files.extend(open.take().filter(|file| !file.0.is_empty()));
            } else {
                content.push_str(line);
                content.push('\n');
            }
        } else if let Some(name) = line.strip_prefix("## ") {
            inside = name == title;
        } else if inside && let Some(info) = line.strip_prefix("```") {
            // A fence without a file name shows a command.
            let mut words = info.split(' ').skip(1).map(str::to_owned);
            open = Some((words.next().unwrap_or_default(), String::new(), words.next()));
        }
    }
    files
}
