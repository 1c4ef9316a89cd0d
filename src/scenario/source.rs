//! Source texts of a scenario: the file, followed by every `--set` argument.
//!
//! All bytes are numbered consecutively: an argument's bytes follow those of the texts before it. So a value from the
//! command line has a position like any other, and an error about it quotes the argument.

use std::ops::Range;

/// Byte range in one of the [`Sources`].
pub(super) type Span = Range<usize>;

#[derive(Clone, Debug)]
pub(super) struct Sources {
    name: String,
    file: String,
    arguments: Vec<Argument>,
}

/// `--set` argument, preceded by as many blanks as there are bytes before it: parsed as a document of its own, it
/// yields positions behind the file's.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub padded: String,
    pub start: usize,
}

/// Position of a span, for display.
pub(super) struct Place<'a> {
    pub name: &'a str,
    /// Line and column from 1, the column in characters; `None` on the command line.
    pub position: Option<(usize, usize)>,
    /// Prefix shown before the line.
    pub before: &'static str,
    pub line: &'a str,
    /// Marked part of the line, in characters of `line`; at least one.
    pub marked: Range<usize>,
}

impl Sources {
    /// Sources of a scenario; `name` is the file's name in errors.
    pub(super) fn new(name: String, file: String, sets: &[String]) -> Sources {
        let mut end = file.len();
        let arguments = sets.iter().map(|set| {
            let start = end + 1;
            end = start + set.len();
            Argument { padded: " ".repeat(start) + set, start }
        });
        Sources { arguments: arguments.collect(), name, file }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// Position of `span`, cut at the end of its first line.
    pub(super) fn place(&self, span: &Span) -> Place<'_> {
        let argument = self.arguments.iter().rev().find(|argument| argument.start <= span.start);
        let (text, start) = match argument {
            Some(argument) => (argument.text(), argument.start),
            None => (self.file.as_str(), 0),
        };
        let (from, to) = ((span.start - start).min(text.len()), (span.end.max(span.start) - start).min(text.len()));
        let line_start = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let characters = |to: usize| text[line_start..to.min(line_start + line.len())].chars().count();
        let marked = characters(from)..characters(to).max(characters(from) + 1);
        match argument {
            Some(_) => Place { name: "command line", position: None, before: "--set ", line, marked },
            None => {
                let number = text[..line_start].matches('\n').count() + 1;
                Place { name: &self.name, position: Some((number, marked.start + 1)), before: "", line, marked }
            }
        }
    }
}

impl Argument {
    /// Argument as given.
    pub(super) fn text(&self) -> &str {
        &self.padded[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources::new("a.toml".into(), "seed = 1\r\nté = 2".into(), &["x=1".into(), "network.loss=0.1".into()])
    }

    #[test]
    fn a_place_in_the_file_has_line_and_column_in_characters() {
        let sources = sources();
        let place = sources.place(&(16..17));
        assert_eq!((place.name, place.position, place.line), ("a.toml", Some((2, 6)), "té = 2"));
        assert_eq!(place.marked, 5..6);
    }

    #[test]
    fn a_place_behind_the_file_is_in_an_argument() {
        let sources = sources();
        let start = sources.arguments()[1].start;
        assert!(sources.arguments()[1].padded[start..].starts_with("network"));
        let place = sources.place(&(start + 8..start + 12));
        assert_eq!((place.name, place.position, place.line), ("command line", None, "network.loss=0.1"));
        assert_eq!(place.marked, 8..12);
    }

    #[test]
    fn a_span_of_several_lines_is_marked_to_the_end_of_the_first() {
        let sources = sources();
        assert_eq!(sources.place(&(0..14)).marked, 0..8);
        assert_eq!(sources.place(&(17..17)).marked, 6..7);
    }
}
