//! Errors of a scenario, with position and correction.

use std::fmt;
use std::ops::Range;

use super::source::{Sources, Span};

/// Problem: an error or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    /// Position in the file or in an argument; `None` for the file as a whole.
    pub(super) span: Option<Span>,
    /// Message, in one line.
    pub message: String,
    /// Correction.
    pub help: Option<String>,
}

/// Kind of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Invalid scenario: exit code 2.
    Invalid,
    /// Unreadable file: exit code 3.
    Unreadable,
    /// Warning: the scenario can be run, but the result may mislead.
    Warning,
}

/// Problems of a scenario, in the order of the text. The `Display` output is shown to the user.
#[derive(Clone, Debug)]
pub struct Problems {
    pub(super) sources: Sources,
    list: Vec<Problem>,
}

impl Problem {
    pub(super) fn new(span: impl Into<Option<Span>>, message: impl Into<String>) -> Problem {
        Problem { kind: Kind::Invalid, span: span.into(), message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }

    pub(super) fn kind(self, kind: Kind) -> Problem {
        Problem { kind, ..self }
    }

    /// Unknown key `found`; `known` are the valid ones, in the order of display.
    pub(super) fn unknown(span: Span, what: &str, found: &str, known: &[&str]) -> Problem {
        let expected = match known {
            [] => none(what).to_string(),
            [one] => format!("expected `{one}`"),
            many => format!("expected one of `{}`", many.join("`, `")),
        };
        let guess = nearest(found, known).map_or(String::new(), |near| format!("did you mean `{near}`? "));
        Problem::new(span, format!("unknown {what} `{found}`")).help(guess + &expected)
    }
}

/// Correction if there is no `what` to name.
fn none(what: &str) -> &'static str {
    match what {
        "class" => "there are no classes: add [[population.classes]], or leave this out",
        "region" => "there are no regions: add [network.latency.regions], or leave this out",
        "system" => "there are no systems: add one, as in [systems.NAME.chord]",
        _ => "leave it out: nothing can be said here",
    }
}

/// Most similar of `known` to `found`.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(&found.to_lowercase(), name);
    known.iter().copied().filter(|name| likeness(name) > 0.75).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// Error of `toml` and `serde`, in this program's words.
impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Problem {
        let message = error.message();
        let span = error.span();
        if let (Some((what, names)), Some(span)) = (unknown_name(message), span.clone()) {
            return Problem::unknown(span, what, names[0], &names[1..]);
        }
        if let Some(field) = message.strip_prefix("missing field") {
            return Problem::new(span, format!("missing key{field}"));
        }
        if message.starts_with("wanted exactly 1 element") {
            return Problem::new(span, "exactly one alternative must be given here");
        }
        match message.rsplit_once("expected ") {
            Some((found, expected)) => Problem::new(span, format!("{found}expected {}", in_words(expected))),
            None => Problem::new(span, message),
        }
    }
}

/// Kind of name, the name and the known names, if the error is an unknown name.
fn unknown_name(message: &str) -> Option<(&'static str, Vec<&str>)> {
    // Of the keys of a struct variant toml says so in words of its own.
    if let Some((found, known)) =
        message.strip_prefix("unexpected keys in table: ").and_then(|names| names.split_once(", available keys: "))
    {
        return Some(("key", found.split(", ").take(1).chain(known.split(", ")).collect()));
    }
    let what = match message {
        field if field.starts_with("unknown field `") => "key",
        variant if variant.starts_with("unknown variant `") => "choice",
        _ => return None,
    };
    Some((what, message.split('`').skip(1).step_by(2).collect()))
}

/// Type of the program in the user's terms.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number that is not negative and not too large",
        "f64" => "a number",
        "a boolean" => "true or false",
        expected if expected.starts_with("struct ") => "a table of keys",
        expected => expected,
    }
}

/// Longest quotation in a message, and the longest line shown: lines of data files may be megabytes long.
const MOST_QUOTED: usize = 200;

/// Text with control characters replaced one by one, so that columns are kept.
pub fn plain(text: &str) -> String {
    let sign = |c: char| match c {
        '\t' => ' ',
        '\0'..'\u{20}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(sign).collect()
}

/// Message for display: plain, with long quotations cut.
pub fn shown(message: &str) -> String {
    let cut = |piece: &str| match piece.char_indices().nth(MOST_QUOTED) {
        Some((end, _)) => {
            let quote = piece.chars().next_back().filter(|c| "`\"".contains(*c));
            format!("{}…{}", &piece[..end], quote.map_or(String::new(), String::from))
        }
        None => piece.to_owned(),
    };
    plain(&message.split_inclusive(['`', '"']).map(cut).collect::<String>())
}

/// Part of a line around the characters `marked`, of limited length, with the adjusted range.
fn around(line: &str, marked: &Range<usize>) -> (String, Range<usize>) {
    let length = line.chars().count();
    if length <= MOST_QUOTED {
        return (plain(line), marked.clone());
    }
    let first = marked.start.saturating_sub(MOST_QUOTED / 4).min(length - MOST_QUOTED);
    let part: String = line.chars().skip(first).take(MOST_QUOTED).collect();
    let before = if first > 0 { "…" } else { "" };
    let after = if first + MOST_QUOTED < length { "…" } else { "" };
    let start = marked.start - first + before.chars().count();
    let end = start + marked.len().min((first + MOST_QUOTED).saturating_sub(marked.start)).max(1);
    (plain(&format!("{before}{part}{after}")), start..end)
}

impl Problems {
    pub(super) fn new(sources: &Sources) -> Problems {
        Problems { sources: sources.clone(), list: Vec::new() }
    }

    /// Adds a problem, unless it is present already, as many parameter points may have it.
    pub(super) fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
            self.list.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        }
    }

    pub(super) fn extend(&mut self, other: Problems) {
        other.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// Returns `value`, if there is no problem.
    pub(super) fn none_or<T>(self, value: impl FnOnce() -> T) -> Result<T, Problems> {
        if self.list.is_empty() { Ok(value()) } else { Err(self) }
    }

    /// Problems in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// Most severe kind: an invalid scenario comes before an unreadable file. `None` if there is no problem.
    pub fn worst(&self) -> Option<Kind> {
        self.list.iter().map(|problem| problem.kind).min()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let severity = if problem.kind == Kind::Warning { "warning" } else { "error" };
        writeln!(f, "{severity}: {}", shown(&problem.message))?;
        let Some(span) = &problem.span else {
            writeln!(f, " --> {}", self.sources.name())?;
            return problem.help.iter().try_for_each(|help| writeln!(f, "  = help: {help}"));
        };
        let place = self.sources.place(span);
        let number = place.position.map_or(String::new(), |(line, _)| line.to_string());
        let position = place.position.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        let margin = " ".repeat(number.len().max(1));
        let (line, marked) = around(place.line, &place.marked);
        let indent = " ".repeat(place.before.len() + marked.start);
        writeln!(f, "{margin}--> {}{position}", place.name)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number:1} | {}{line}", place.before)?;
        writeln!(f, "{margin} | {indent}{}", "^".repeat(marked.len()))?;
        problem.help.iter().try_for_each(|help| writeln!(f, "{margin} = help: {help}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.list.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            self.write(f, problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(nearest("los", &["jitter", "loss", "latency"]), Some("loss"));
        assert_eq!(nearest("kademila", &["chord", "kademlia"]), Some("kademlia"));
        assert_eq!(nearest("Chord", &["chord"]), Some("chord"));
        assert_eq!(nearest("bandwidth", &["loss", "jitter"]), None);
    }

    #[test]
    fn of_a_long_line_only_what_is_around_the_mistake_is_quoted() {
        let text = format!("title = \"{}\" x{}", "a".repeat(500), "b".repeat(500));
        let at = text.find('x').unwrap();
        let mut problems = Problems::new(&Sources::new("a.toml".into(), text.clone(), &[]));
        problems.push(Problem::new(at..text.len(), format!("`{}` is not known", &text[at..])));
        let said = problems.to_string();
        let lines: Vec<Vec<char>> = said.lines().map(|line| line.chars().collect()).collect();
        assert!(lines.iter().all(|line| line.len() <= 230), "{said}");
        let under = lines[4].iter().position(|c| *c == '^').unwrap();
        assert_eq!((lines[3][under], lines[4].len() <= lines[3].len()), ('x', true), "{said}");
        assert!(said.starts_with("error: `xbbb") && said.contains("b…` is not known\n"), "{said}");
        assert!(said.contains(&format!("a.toml:1:{}\n", at + 1)), "the place is that in the whole line: {said}");
    }

    #[test]
    fn nothing_that_is_quoted_steers_the_terminal() {
        let text = "\u{1b}[2Jseed\t= \u{7f}\u{202e}1\r\n";
        let mut problems = Problems::new(&Sources::new("a.toml".into(), text.into(), &[]));
        problems.push(Problem::new(0..4, "unknown key `\u{1b}[2J`\u{7}"));
        let said = problems.to_string();
        assert!(!said.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{said:?}");
        assert!(said.starts_with("error: unknown key `␛[2J`␇\n"), "{said}");
    }

    #[test]
    fn the_worst_problem_decides() {
        let mut problems = Problems::new(&Sources::new("a.toml".into(), String::new(), &[]));
        assert_eq!(problems.worst(), None);
        problems.push(Problem::new(None, "slow").kind(Kind::Warning));
        assert_eq!(problems.worst(), Some(Kind::Warning));
        problems.push(Problem::new(None, "no such file").kind(Kind::Unreadable));
        problems.push(Problem::new(None, "wrong"));
        assert_eq!(problems.worst(), Some(Kind::Invalid));
    }
}
