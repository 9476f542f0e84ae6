//! The user's pager, as git starts it: `$PAGER`, or `less -FRX`; none where the terminal cannot do anything.

#[cfg(unix)]
use std::process::Command;

/// Shows a text in the pager, which takes the place of this process. Comes back where there is no pager.
///
/// A process that waited for its pager would be killed by the user's Ctrl-C and leave the pager alone with the terminal.
#[cfg(unix)]
pub(super) fn show(text: &str) {
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;

    use rustix::fs::{OFlags, fcntl_setfl};

    let Some(mut pager) = pager(std::env::var("PAGER").ok().as_deref(), std::env::var("TERM").ok().as_deref()) else {
        return;
    };
    let Ok((reader, mut writer)) = std::io::pipe() else { return };
    // Nobody reads yet: what the pipe does not hold would wait for ever.
    if fcntl_setfl(&writer, OFlags::NONBLOCK).is_err() || writer.write_all(text.as_bytes()).is_err() {
        return;
    }
    drop(writer);
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            pager.env(name, value);
        }
    }
    // Only a failure comes back.
    let _ = pager.stdin(reader).exec();
}

/// Elsewhere a text is printed.
#[cfg(not(unix))]
pub(super) fn show(_: &str) {}

/// The command that `PAGER` names. The shell reads it where it is more than the name of a program.
#[cfg(unix)]
fn pager(named: Option<&str>, term: Option<&str>) -> Option<Command> {
    if term.is_none_or(|term| term.is_empty() || term == "dumb") {
        return None;
    }
    match named.map(str::trim) {
        None => {
            let mut less = Command::new("less");
            less.arg("-FRX");
            Some(less)
        }
        Some("" | "cat") => None,
        Some(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._+-".contains(&byte)) => {
            Some(Command::new(name))
        }
        Some(line) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", line]);
            Some(shell)
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn words(named: Option<&str>, term: Option<&str>) -> Option<Vec<String>> {
        let command = pager(named, term)?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        Some(words.map(|word| word.to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn which_pager() {
        let term = Some("xterm");
        assert_eq!(words(None, term), Some(vec!["less".to_owned(), "-FRX".to_owned()]));
        assert_eq!(words(Some("/usr/bin/more"), term), Some(vec!["/usr/bin/more".to_owned()]));
        let shell = ["sh", "-c", "less -S | cat"].map(str::to_owned).to_vec();
        assert_eq!(words(Some("less -S | cat"), term), Some(shell));
        for (named, term) in [(Some("cat"), term), (Some(""), term), (None, Some("dumb")), (None, None)] {
            assert_eq!(words(named, term), None);
        }
    }
}
