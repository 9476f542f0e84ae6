//! Single texts: references, configuration, suppression comments.

use preflake::check;
use preflake::config::Settings;
use preflake::fix::{self, Wanted};
use preflake::flake::flakeref::FlakeRef;
use preflake::flake::identity::Identity;

use crate::harness::{Target, run};
use crate::{mutate, words};

#[test]
fn flake_references() {
    let make = |corpus: &[Vec<u8>], rng: &mut crate::rng::Rng| {
        let mut input = mutate::text(corpus, words::REFERENCE, rng);
        input.truncate(2_000);
        input
    };
    run(Target { name: "reference", make, check: Box::new(reference) }, 1_500);
}

/// What was parsed is written, and what was written is parsed, to the same.
fn reference(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        for is_flake in [true, false] {
            let Ok(parsed) = FlakeRef::parse_url(line, is_flake) else { continue };
            let reference = parsed.reference;
            let identity = Identity::of(&reference);
            if !identity.same_repository(&identity) {
                return Err(format!("{line:?} is not the same repository as itself"));
            }
            let canonical = reference.canonicalize();
            if canonical.canonicalize() != canonical {
                return Err(format!("{line:?} has no canonical form: {canonical:?}"));
            }
            // A lock holds the attributes. Nix takes one `git+` off whenever it reads them.
            if reference.get("url").is_some_and(|url| url.starts_with("git+")) {
                continue;
            }
            let again = FlakeRef::from_attrs(reference.to_attrs());
            if again.as_ref().is_ok_and(|again| again.to_attrs() != reference.to_attrs()) {
                return Err(format!("{line:?}: {:?} became {again:?}", reference.to_attrs()));
            }
        }
    }
    Ok(())
}

#[test]
fn configuration() {
    let make = |corpus: &[Vec<u8>], rng: &mut crate::rng::Rng| mutate::text(corpus, words::SETTINGS, rng);
    run(Target { name: "settings", make, check: Box::new(settings) }, 1_000);
}

fn settings(input: &[u8]) -> Result<(), String> {
    match Settings::from_toml(&String::from_utf8_lossy(input), "preflake.toml") {
        Ok(settings) => {
            for path in ["flake.nix", "a/b/c/flake.nix", "templates/x.nix", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"] {
                let _ = settings.exclude.matches(&path.into());
                let _ = settings.untracked_exclude.matches(&path.into());
            }
            Ok(())
        }
        Err(error) if !error.message.contains("preflake.toml") => Err(format!("no place: {:?}", error.message)),
        Err(_) => Ok(()),
    }
}

#[test]
fn suppression_comments() {
    let make = |corpus: &[Vec<u8>], rng: &mut crate::rng::Rng| mutate::text(corpus, words::COMMENTS, rng);
    run(Target { name: "comments", make, check: Box::new(comments) }, 150);
}

/// A comment that suppresses nothing can be removed, and nothing else is.
fn comments(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let mut snapshot = super::tree(&text, "");
    let settings = Settings::new();
    let before = check::check(&snapshot, &settings, &[]).map_err(|error| error.to_string())?;
    super::flake::spans(&snapshot, &before)?;
    let unused = |outcome: &check::Outcome| outcome.findings.iter().filter(|f| f.rule == "unused-ignore").count();
    let wanted = Wanted { rules: vec!["unused-ignore"] };
    let plan = fix::plan(&mut snapshot, &settings, &[], &wanted).map_err(|error| error.to_string())?;
    if unused(&plan.outcome) > unused(&before) {
        return Err("more comments suppress nothing than before".to_owned());
    }
    for rewrite in &plan.rewrites {
        if rewrite.after.len() >= rewrite.before.len() {
            return Err("removing a comment made the file no smaller".to_owned());
        }
    }
    Ok(())
}
