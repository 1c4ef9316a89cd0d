//! What systems, classes and regions may be called: names that stand unharmed in rows, files, pictures and messages.

use super::check::{Check, Noted};

/// What would be right.
pub(super) const HELP: &str = "write letters, digits, `-`, `_`, `.` and blanks, a letter or digit first and no blank last: it \
                               names rows and files";

/// Whether something may be called so.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    text.starts_with(char::is_alphanumeric) && !text.ends_with(' ') && text.chars().all(plain)
}

/// Notes it if `what` stands at `path` may not be called `name`.
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
