//! git's `wildmatch.c`: shell patterns with `**`, matched exactly as git matches them.
//!
//! What git tries again and again is remembered here: the same rest of a pattern against the same rest of a text comes
//! out the same, so that no pattern takes longer than its length times that of the text. Two bounds are added that no
//! honest pattern reaches: on the depth of recursion and on the number of steps. A pattern that exceeds one does not
//! match.

use std::collections::HashMap;

/// How a pattern is to be matched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    /// `*`, `?` and classes do not match a slash, and `**` is special.
    pub(crate) pathname: bool,
    /// Upper and lower case ASCII letters are the same.
    pub(crate) fold: bool,
}

/// Whether the whole of `text` matches the pattern.
pub(crate) fn matches(pattern: &[u8], text: &[u8], flags: Flags) -> bool {
    let mut matcher = Matcher { pattern, text, flags, steps: 0, known: HashMap::new() };
    matcher.run(0, 0, 0) == Outcome::Match
}

const MAX_DEPTH: usize = 512;
const MAX_STEPS: usize = 1 << 20;

/// A match that takes no more steps is over before anything is worth remembering.
const FORGETFUL: usize = 1 << 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Match,
    NoMatch,
    AbortAll,
    AbortToStarStar,
}

struct Matcher<'a> {
    pattern: &'a [u8],
    text: &'a [u8],
    flags: Flags,
    steps: usize,
    /// What came of a rest of the pattern against a rest of the text, by where both begin.
    known: HashMap<(usize, usize), Outcome>,
}

impl Matcher<'_> {
    /// Bytes past the end read as zero, the end of a C string.
    fn pattern(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    fn text(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn folded(&self, byte: u8) -> u8 {
        if self.flags.fold { byte.to_ascii_lowercase() } else { byte }
    }

    fn run(&mut self, mut p: usize, mut t: usize, depth: usize) -> Outcome {
        let start = p;
        self.steps += 1;
        if depth > MAX_DEPTH {
            return Outcome::AbortAll;
        }
        while self.pattern(p) != 0 {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Outcome::AbortAll;
            }
            let text = self.folded(self.text(t));
            let byte = self.folded(self.pattern(p));
            if text == 0 && byte != b'*' {
                return Outcome::AbortAll;
            }
            match byte {
                b'?' => {
                    if self.flags.pathname && text == b'/' {
                        return Outcome::NoMatch;
                    }
                }
                b'*' => match self.star(start, p, t, depth) {
                    Star::Done(outcome) => return outcome,
                    Star::Continue(next, slash) => (p, t) = (next, slash),
                },
                b'[' => match self.class(p, text) {
                    Ok(end) => p = end,
                    Err(outcome) => return outcome,
                },
                _ => {
                    let mut wanted = byte;
                    if byte == b'\\' {
                        p += 1;
                        wanted = self.pattern(p);
                    }
                    if text != wanted {
                        return Outcome::NoMatch;
                    }
                    if wanted == 0 {
                        break;
                    }
                }
            }
            p += 1;
            t += 1;
        }
        if self.text(t) == 0 { Outcome::Match } else { Outcome::NoMatch }
    }

    /// [`Self::run`] behind a star, which comes to the same places again.
    fn run_again(&mut self, p: usize, t: usize, depth: usize) -> Outcome {
        if self.steps < FORGETFUL {
            return self.run(p, t, depth);
        }
        if let Some(outcome) = self.known.get(&(p, t)) {
            return *outcome;
        }
        let outcome = self.run(p, t, depth);
        self.known.insert((p, t), outcome);
        outcome
    }

    /// A star at `p`. `Continue` gives the pattern's slash and the text's slash that it matches.
    fn star(&mut self, start: usize, mut p: usize, t: usize, depth: usize) -> Star {
        p += 1;
        let match_slash = if self.pattern(p) == b'*' {
            let second = p;
            while self.pattern(p) == b'*' {
                p += 1;
            }
            let opens = second - start < 2 || self.pattern(second - 2) == b'/';
            let next = self.pattern(p);
            let closes = matches!(next, 0 | b'/') || (next == b'\\' && self.pattern(p + 1) == b'/');
            if self.flags.pathname && opens && closes {
                // A second `**/` adds nothing to the first.
                while self.pattern.get(p..).is_some_and(|rest| rest.starts_with(b"/**/")) {
                    p += 3;
                }
                // `a/**/b` matches `a/b` too.
                if next == b'/' && self.run_again(p + 1, t, depth + 1) == Outcome::Match {
                    return Star::Done(Outcome::Match);
                }
                true
            } else {
                !self.flags.pathname
            }
        } else {
            !self.flags.pathname
        };
        let slash = || self.text.iter().skip(t).position(|byte| *byte == b'/').map(|offset| t + offset);
        if self.pattern(p) == 0 {
            let stopped = !match_slash && slash().is_some();
            return Star::Done(if stopped { Outcome::AbortToStarStar } else { Outcome::Match });
        }
        if !match_slash && self.pattern(p) == b'/' {
            return match slash() {
                Some(slash) => Star::Continue(p, slash),
                None => Star::Done(Outcome::AbortAll),
            };
        }
        Star::Done(self.advance(p, t, match_slash, depth))
    }

    /// Tries the pattern behind a star at every place of the text.
    fn advance(&mut self, p: usize, mut t: usize, match_slash: bool, depth: usize) -> Outcome {
        let wanted = self.folded(self.pattern(p));
        let literal = !matches!(wanted, b'*' | b'?' | b'[' | b'\\');
        while self.text(t) != 0 {
            if literal {
                while self.text(t) != 0 && (match_slash || self.text(t) != b'/') && self.folded(self.text(t)) != wanted
                {
                    t += 1;
                }
                if self.folded(self.text(t)) != wanted {
                    return if match_slash { Outcome::AbortAll } else { Outcome::AbortToStarStar };
                }
            }
            let outcome = self.run_again(p, t, depth + 1);
            if outcome != Outcome::NoMatch {
                if !match_slash || outcome != Outcome::AbortToStarStar {
                    return outcome;
                }
            } else if !match_slash && self.text(t) == b'/' {
                return Outcome::AbortToStarStar;
            }
            t += 1;
        }
        Outcome::AbortAll
    }

    /// A bracket expression at `p`: where its closing bracket is, or that it does not match.
    fn class(&self, mut p: usize, text: u8) -> Result<usize, Outcome> {
        p += 1;
        let negated = matches!(self.pattern(p), b'!' | b'^');
        if negated {
            p += 1;
        }
        let (mut byte, mut previous, mut matched) = (self.pattern(p), 0, false);
        loop {
            if byte == 0 {
                return Err(Outcome::AbortAll);
            }
            if byte == b'\\' {
                p += 1;
                byte = self.escaped(p)?;
                matched |= text == byte;
            } else if byte == b'-' && previous != 0 && !matches!(self.pattern(p + 1), 0 | b']') {
                p += 1;
                let mut last = self.pattern(p);
                if last == b'\\' {
                    p += 1;
                    last = self.escaped(p)?;
                }
                let upper = text.to_ascii_uppercase();
                matched |= (previous..=last).contains(&text);
                matched |= self.flags.fold && text.is_ascii_lowercase() && (previous..=last).contains(&upper);
                byte = 0;
            } else if byte == b'[' && self.pattern(p + 1) == b':' {
                let name = p + 2;
                let mut end = name;
                while !matches!(self.pattern(end), 0 | b']') {
                    end += 1;
                }
                if self.pattern(end) == 0 {
                    return Err(Outcome::AbortAll);
                }
                if end > name && self.pattern(end - 1) == b':' {
                    let name = self.pattern.get(name..end - 1).unwrap_or_default();
                    matched |= self.named(name, text).ok_or(Outcome::AbortAll)?;
                    p = end;
                    byte = 0;
                } else {
                    // Not a named class after all: an ordinary bracket.
                    matched |= text == b'[';
                }
            } else {
                matched |= text == byte;
            }
            previous = byte;
            p += 1;
            byte = self.pattern(p);
            if byte == b']' {
                break;
            }
        }
        if matched == negated || (self.flags.pathname && text == b'/') { Err(Outcome::NoMatch) } else { Ok(p) }
    }

    fn escaped(&self, at: usize) -> Result<u8, Outcome> {
        match self.pattern(at) {
            0 => Err(Outcome::AbortAll),
            byte => Ok(byte),
        }
    }

    fn named(&self, name: &[u8], byte: u8) -> Option<bool> {
        Some(match name {
            b"alnum" => byte.is_ascii_alphanumeric(),
            b"alpha" => byte.is_ascii_alphabetic(),
            b"blank" => matches!(byte, b' ' | b'\t'),
            b"cntrl" => byte.is_ascii_control(),
            b"digit" => byte.is_ascii_digit(),
            b"graph" => byte.is_ascii_graphic(),
            b"lower" => byte.is_ascii_lowercase(),
            b"print" => byte.is_ascii_graphic() || byte == b' ',
            b"punct" => byte.is_ascii_punctuation(),
            b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
            b"upper" => byte.is_ascii_uppercase() || (self.flags.fold && byte.is_ascii_lowercase()),
            b"xdigit" => byte.is_ascii_hexdigit(),
            _ => return None,
        })
    }
}

enum Star {
    Done(Outcome),
    Continue(usize, usize),
}
