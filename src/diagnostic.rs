//! What a rule has to say, as plain data.
//!
//! A [`Diagnostic`] has one primary [`Label`] on the text the user must change and any number of related ones for the
//! evidence. It may carry a [`Fix`]: text edits, paths to stage, or both.

use crate::flake::InputAttrPath;
use crate::snapshot::RepoPath;
use crate::source::Span;

/// How bad a finding is: only [`Severity::Error`] makes the exit status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; passes unless `--deny-warnings`.
    Warning,
    /// Nix would fail, or the commit lacks something.
    Error,
}

impl Severity {
    /// The word that reports print.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file, relative to the repository's root. It need not be in the view: an untracked file has findings too.
    pub path: RepoPath,
    /// The text meant; `None` where the finding is about the file as a whole.
    pub span: Option<Span>,
    /// What is there, in a few words; empty where the diagnostic's message says it all.
    pub message: String,
}

impl Label {
    /// A label on `span` of `path`.
    pub fn new(path: &RepoPath, span: Span, message: impl Into<String>) -> Self {
        Self { path: path.clone(), span: Some(span), message: message.into() }
    }

    /// A label on a whole file.
    pub fn file(path: &RepoPath, message: impl Into<String>) -> Self {
        Self { path: path.clone(), span: None, message: message.into() }
    }
}

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Shown, never applied: it needs judgement or the network.
    DisplayOnly,
    /// Changes what is built or committed: applied only when its rule is named.
    Unsafe,
    /// Means the same as before and keeps comments and layout.
    Safe,
}

impl Applicability {
    /// The word that reports print.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DisplayOnly => "display-only",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// One replacement in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The file to change.
    pub path: RepoPath,
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, imperative: "add `home-manager.inputs.nixpkgs.follows`".
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// Replacements that belong together: all or none. They do not overlap.
    pub edits: Vec<Edit>,
    /// Paths to `git add`.
    pub stage: Vec<RepoPath>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name of the rule that found it.
    pub rule: &'static str,
    /// Set by the rule; the configuration may change it afterwards.
    pub severity: Severity,
    /// What is wrong: one line, lower-case start, no full stop, names in backticks. Nothing that changes while the files
    /// do not: a finding is known again by it.
    pub message: String,
    /// What to do, imperative; the exact command where there is one.
    pub help: Option<String>,
    /// The input concerned, as a path from the root flake.
    pub input: Option<InputAttrPath>,
    /// The text to change.
    pub primary: Label,
    /// The evidence.
    pub related: Vec<Label>,
    /// The repair, where there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding of `rule` with the place it is about; everything else is added by the builder methods below.
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>, primary: Label) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            help: None,
            input: None,
            primary,
            related: Vec::new(),
            fix: None,
        }
    }

    /// What the finding is about, in 32 hexadecimal digits: the same from run to run, also where its file has changed
    /// around it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let input = self.input.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [self.rule.as_bytes(), self.primary.path.as_bytes(), input.as_bytes(), self.message.as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digits = hash.finalize();
        let first: [u8; 16] = std::array::from_fn(|index| digits[index]);
        format!("{:032x}", u128::from_be_bytes(first))
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the input concerned.
    #[must_use]
    pub fn input(mut self, input: InputAttrPath) -> Self {
        self.input = Some(input);
        self
    }

    /// Adds a place that shows why.
    #[must_use]
    pub fn related(mut self, label: Label) -> Self {
        self.related.push(label);
        self
    }

    /// Adds the repair.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// Sorts findings as every report shows them: by path, position, rule, message.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| d.primary.span.unwrap_or_default();
        (a.primary.path.cmp(&b.primary.path))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.rule.cmp(b.rule))
            .then_with(|| a.message.cmp(&b.message))
    });
}
