//! Aligned lists in the terminal: names, values, and wrapped text beside both.

/// Line of a list and its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    /// Default, unit, …; empty for none.
    pub value: String,
    pub text: String,
}

/// Least width of wrapped text, however narrow the terminal.
const NARROWEST: usize = 30;

/// Items below each other, indented, in columns, at most `width` characters wide if names leave room for that.
pub(super) fn list(items: &[Item], width: usize) -> String {
    let longest = |part: fn(&Item) -> &str| items.iter().map(|item| part(item).chars().count()).max().unwrap_or(0);
    let (names, values) = (longest(|item| &item.name), longest(|item| &item.value));
    let beside = 2 + names + 2 + if values > 0 { values + 2 } else { 0 };
    let mut text = String::new();
    for Item { name, value, text: explained } in items {
        let mut first = format!("  {name:names$}  ");
        if values > 0 {
            first += &format!("{value:values$}  ");
        }
        for line in wrap(explained, width.saturating_sub(beside).max(NARROWEST)) {
            text += format!("{first}{line}").trim_end();
            text.push('\n');
            first = " ".repeat(beside);
        }
    }
    text
}

/// Wraps a text into lines of at most `width` characters, broken between words; a longer word has a line of its own. At
/// least one line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            *line = word.to_owned();
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_beside_their_columns() {
        let item =
            |name: &str, value: &str, text: &str| Item { name: name.into(), value: value.into(), text: text.into() };
        let items = [
            item("k", "20", "contacts in a bucket, and nodes that must have answered when a lookup ends"),
            item("alpha", "3", ""),
        ];
        let expected = [
            "  k      20  contacts in a bucket, and nodes",
            "             that must have answered when a",
            "             lookup ends",
            "  alpha  3",
        ];
        assert_eq!(list(&items, 44).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_long_word_has_its_own_line() {
        assert_eq!(wrap("a verylongword b", 5), ["a", "verylongword", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
