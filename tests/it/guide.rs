//! The guide says nothing that the program does not know: its commands are command lines, its configuration is read.

use std::fs;
use std::path::Path;

use clap::Parser as _;
use clap::error::ErrorKind;
use preflake::cli::Cli;
use preflake::config::Settings;

/// The pages: name and text.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut pages: Vec<(String, String)> = fs::read_dir(folder)
        .expect("there is a guide")
        .map(|entry| {
            let path = entry.expect("it can be listed").path();
            (path.display().to_string(), fs::read_to_string(&path).expect("and read"))
        })
        .collect();
    pages.sort();
    pages
}

/// The fences of a page, info and content, and the text around them.
fn fences(text: &str) -> (Vec<(String, String)>, String) {
    let (mut found, mut around, mut inside) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(info) => {
                inside = true;
                found.push((info.to_owned(), String::new()));
            }
            None => {
                let target = if inside { &mut found.last_mut().expect("inside of one").1 } else { &mut around };
                target.push_str(line);
                target.push('\n');
            }
        }
    }
    (found, around)
}

/// The command lines of a page: in the fences of shell, and in the text between back quotes.
fn commands(text: &str) -> Vec<String> {
    let (fences, around) = fences(text);
    let shell = fences.iter().filter(|(info, _)| info.starts_with("sh")).flat_map(|(_, content)| content.lines());
    let quoted = around.split('`').skip(1).step_by(2);
    shell
        .filter_map(|line| line.split(" #").next())
        .chain(quoted)
        .map(|command| command.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|command| command == "preflake" || command.starts_with("preflake "))
        .collect()
}

#[test]
fn its_commands_are_command_lines() {
    let mut count = 0;
    for (page, text) in pages() {
        for command in commands(&text) {
            count += 1;
            if let Err(error) = Cli::try_parse_from(command.split(' ')) {
                // What stands between back quotes may be the beginning of a command; help and the version are no errors.
                let incomplete = error.kind() == ErrorKind::MissingRequiredArgument;
                assert!(incomplete || !error.use_stderr(), "{page}: `{command}`: {error}");
            }
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn its_configuration_is_read() {
    let mut count = 0;
    for (page, text) in pages() {
        for (_, content) in fences(&text).0.iter().filter(|(info, _)| info == "toml preflake.toml") {
            let read = Settings::from_toml(content, "preflake.toml");
            assert!(read.is_ok(), "{page}: {}", read.err().map(|error| error.message).unwrap_or_default());
            count += 1;
        }
    }
    assert!(count > 1, "only {count} files were found");
}
