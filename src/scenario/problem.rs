//! What is wrong with a scenario: where it stands, and what would be right.

use std::fmt;

use super::source::{Sources, Span};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    /// In the file or behind it; `None` concerns the file as a whole.
    pub(super) span: Option<Span>,
    /// What is wrong, in one line.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// What a problem means for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The scenario is wrong: exit code 2.
    Invalid,
    /// A file cannot be read: exit code 3.
    Unreadable,
    /// The scenario can be run, but the result may mislead.
    Warning,
}

/// Everything that is wrong with a scenario, in the order of the text. Its `Display` is what the user reads.
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

    /// The key `found` is none of `known`, which are in the order to show them.
    pub(super) fn unknown(span: Span, what: &str, found: &str, known: &[&str]) -> Problem {
        let expected = match known {
            [] => "nothing can stand here".to_string(),
            [one] => format!("expected `{one}`"),
            many => format!("expected one of `{}`", many.join("`, `")),
        };
        let guess = nearest(found, known).map_or(String::new(), |near| format!("did you mean `{near}`? "));
        Problem::new(span, format!("unknown {what} `{found}`")).help(guess + &expected)
    }
}

/// Which of `known` someone who wrote `found` may have meant.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(&found.to_lowercase(), name);
    known.iter().copied().filter(|name| likeness(name) > 0.75).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// What `toml` and `serde` found, in this file's words.
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

/// If an error says that it does not know a name: what kind of name, the name, and those it knows.
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

/// A type of the program as a user knows it.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number that is not negative and not too large",
        "f64" => "a number",
        "a boolean" => "true or false",
        expected if expected.starts_with("struct ") => "a table of keys",
        expected => expected,
    }
}

impl Problems {
    pub(super) fn new(sources: &Sources) -> Problems {
        Problems { sources: sources.clone(), list: Vec::new() }
    }

    /// Each problem is kept once, however many parameter points have it.
    pub(super) fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
            self.list.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        }
    }

    pub(super) fn extend(&mut self, other: Problems) {
        other.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// `value`, if nothing is wrong.
    pub(super) fn none_or<T>(self, value: impl FnOnce() -> T) -> Result<T, Problems> {
        if self.list.is_empty() { Ok(value()) } else { Err(self) }
    }

    /// In the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// The worst: a scenario that is wrong comes before a file that cannot be read. `None` if there is no problem.
    pub fn worst(&self) -> Option<Kind> {
        self.list.iter().map(|problem| problem.kind).min()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let severity = if problem.kind == Kind::Warning { "warning" } else { "error" };
        writeln!(f, "{severity}: {}", problem.message)?;
        let Some(span) = &problem.span else {
            writeln!(f, " --> {}", self.sources.name())?;
            return problem.help.iter().try_for_each(|help| writeln!(f, "  = help: {help}"));
        };
        let place = self.sources.place(span);
        let number = place.position.map_or(String::new(), |(line, _)| line.to_string());
        let position = place.position.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        let margin = " ".repeat(number.len().max(1));
        let indent = " ".repeat(place.before.len() + place.marked.start);
        writeln!(f, "{margin}--> {}{position}", place.name)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number:1} | {}{}", place.before, place.line)?;
        writeln!(f, "{margin} | {indent}{}", "^".repeat(place.marked.len()))?;
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
