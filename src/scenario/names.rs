//! Valid names of systems, classes and regions: names that are safe in CSV rows, file names, charts and messages.

use super::check::{Check, Noted};

/// Correction of an invalid name.
pub(super) const HELP: &str = "write letters, digits, `-`, `_`, `.` and blanks, a letter or digit first and no blank last: it \
                               names rows and files";

/// Whether a name is valid.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    text.starts_with(char::is_alphanumeric) && !text.ends_with(' ') && text.chars().all(plain)
}

/// Notes an invalid name of `what` at `path`.
pub(super) fn name(check: &mut Check<'_>, path: &str, what: &str, name: &str) -> Result<(), Noted> {
    match is_name(name) {
        true => Ok(()),
        false => Err(check.wrong(path, format!("`{name}` cannot be a {what}'s name"), HELP)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_letters_of_any_script_and_no_signs() {
        assert!(["kad20", "a-b_c", "Zürich 2.0", "東京", "1"].into_iter().all(is_name));
        let wrong =
            ["", " a", "a ", "-a", ".a", "=1+1", "@a", "a\tb", "a\nb", "a/b", "a,b", "a;b", "\u{1b}[2J", "a\"b"];
        assert!(!wrong.into_iter().any(is_name));
    }
}
