//! Small things that are done to text before people see it.

/// Escapes what a terminal would act on. Line breaks are escaped too.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_acted_on(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Whether a terminal would act on a character: controls, and what turns the direction of text.
pub(crate) fn is_acted_on(character: char) -> bool {
    character.is_control() || is_bidirectional(character)
}

/// Characters that reorder the text around them, so that it reads as what it is not.
const fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The candidate that `wrong` was most likely meant to be: at most a third of its letters differ.
pub fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (distance(wrong, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit || (wrong.len() > 2 && candidate.contains(wrong)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance of two short texts, neighbours swapped counting once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// `1 error`, `2 errors`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("{number} {noun}") } else { format!("{number} {noun}s") }
}

/// The day of a time in seconds since 1970, in UTC: `2026-11-24`.
#[must_use]
pub fn date(seconds: u64) -> String {
    // Days since 0000-03-01, so that leap days come last: "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_near() {
        let names = ["nixpkgs", "home-manager", "disko"];
        assert_eq!(nearest("nixpgks", names.into_iter()), Some("nixpkgs"));
        assert_eq!(nearest("flake-utils", names.into_iter()), None);
    }

    #[test]
    fn dates() {
        assert_eq!(
            [0, 951_782_400, 951_868_800, 1_780_000_000].map(date),
            ["1970-01-01", "2000-02-29", "2000-03-01", "2026-05-28"]
        );
        assert!(date(u64::MAX).ends_with("-09"), "{}", date(u64::MAX));
    }

    #[test]
    fn nothing_reaches_a_terminal_unescaped() {
        assert_eq!(escape("a\u{1b}[31m\n\u{202e}"), "a\\u{1b}[31m\\n\\u{202e}");
    }
}
