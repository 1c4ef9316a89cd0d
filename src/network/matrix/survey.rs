//! Survey of a file of delays, before any delay is read.

use indexmap::IndexSet;

use super::cell::{is_hole, is_number, is_value, is_zero};
use crate::engine::numbered::{canonical, is_whole, number};
use crate::network::lines::{Line, Separator, Source};
use crate::network::measured::{FileError, Wrong};

/// Number of first rows that are kept verbatim: PlanetLab's header, and a row after it.
const KEPT: usize = 4;

/// Number of rows whose first cell is kept, in files of three columns or fewer: a list may have a row for each pair.
pub(super) const NAMED: usize = 1 << 13;

const NO_LINK: &str = "this is neither a node, `node i x,y`, nor a link between two, `i,j value`";

/// Row, verbatim.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// Run of rows of one length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub length: usize,
    pub rows: usize,
    /// Line of the first row.
    pub line: usize,
    /// Number of rows whose first cell is zero or missing.
    first_empty: usize,
    /// Number of rows whose last cell is zero or missing.
    last_empty: usize,
}

/// Hosts by number or by name, in order of appearance.
pub(super) type Hosts = IndexSet<Box<str>>;

/// Findings of one reading of a file.
pub(super) struct Survey {
    pub separator: Separator,
    /// Last comment before all rows, which may hold names.
    pub comment: Option<Row>,
    pub head: Vec<Row>,
    pub rows: usize,
    pub runs: Vec<Run>,
    /// First cells of all rows, or of the first [`NAMED`] if rows are short, with their lines.
    pub firsts: Vec<(usize, Box<str>)>,
    /// Number of rows `i j value`.
    pub listed: usize,
    /// Hosts named by these rows.
    pub hosts: Hosts,
    /// Number of rows of p2psim that are links.
    pub links: usize,
    /// Nodes of p2psim, from rows of nodes.
    pub nodes: Hosts,
    /// Line of the first row that is neither, or that repeats a node, and what is wrong with it.
    pub stray: Option<(usize, &'static str)>,
}

impl Survey {
    pub(super) fn of(source: Source<'_>) -> Result<Survey, FileError> {
        let mut survey = Survey {
            separator: source.separator()?,
            comment: None,
            head: Vec::new(),
            rows: 0,
            runs: Vec::new(),
            firsts: Vec::new(),
            listed: 0,
            hosts: Hosts::new(),
            links: 0,
            nodes: Hosts::new(),
            stray: None,
        };
        source.lines(survey.separator, |line| {
            survey.take(line);
            Ok(())
        })?;
        Ok(survey)
    }

    fn take(&mut self, line: &Line<'_>) {
        let row = || Row { line: line.number, cells: line.cells.iter().map(|cell| (*cell).to_owned()).collect() };
        if line.comment {
            self.comment = Some(row());
            return;
        }
        self.rows += 1;
        if self.head.len() < KEPT {
            self.head.push(row());
        }
        let (first, last) = (line.cells.first().copied().unwrap_or(""), line.cells.last().copied().unwrap_or(""));
        let empty = |cell: &str| usize::from(is_zero(cell) || is_hole(cell));
        let run = match self.runs.last_mut() {
            Some(run) if run.length == line.cells.len() => run,
            _ => {
                let run = Run { length: line.cells.len(), rows: 0, line: line.number, first_empty: 0, last_empty: 0 };
                self.runs.push(run);
                self.runs.last_mut().expect("one was added")
            }
        };
        run.rows += 1;
        run.first_empty += empty(first);
        run.last_empty += empty(last);
        if line.cells.len() > 3 || self.firsts.len() < NAMED {
            self.firsts.push((line.number, first.into()));
        }
        let problem = match *line.cells {
            ["node", id] | ["node", id, _] if is_whole(id) => {
                if meet(&mut self.nodes, id) {
                    return;
                }
                "a second row of this node: write one for each"
            }
            [link, _] if link_of(link).is_some() => {
                self.links += 1;
                return link_of(link).into_iter().flatten().for_each(|id| _ = meet(&mut self.hosts, id));
            }
            // The way of a node to itself is passed over.
            [link, _] if !self.nodes.is_empty() && ends_of(link).is_some() => return,
            [i, j, value] if is_host(i) && is_host(j) && is_number(i) == is_number(j) && is_value(value) => {
                self.listed += 1;
                [i, j].into_iter().for_each(|id| _ = meet(&mut self.hosts, id));
                NO_LINK
            }
            _ => NO_LINK,
        };
        self.stray.get_or_insert((line.number, problem));
    }

    /// First row of another length.
    pub(super) fn odd(&self, length: usize, skipped: usize) -> Option<Run> {
        let mut before = 0;
        let mut runs = self.runs.iter().filter(|run| {
            before += run.rows;
            before > skipped && run.length != length
        });
        runs.next().copied()
    }

    /// Triangular matrix, if rows get longer or shorter by one; it has a diagonal if that is all zeros or missing
    /// values.
    pub(super) fn triangle(&self) -> Option<Result<Triangle, Wrong>> {
        let lengths = || self.runs.iter().map(|run| run.length);
        let hosts = self.rows;
        let longer = lengths().eq(1..=hosts);
        let shorter = lengths().eq((1..=hosts).rev());
        if !longer && !shorter {
            return None;
        }
        let on_diagonal = |run: &Run| if longer { run.last_empty } else { run.first_empty };
        let empty: usize = self.runs.iter().map(on_diagonal).sum();
        Some(match empty {
            0 => Ok(Triangle { hosts: hosts + 1, longer, diagonal: false }),
            all if all == hosts => Ok(Triangle { hosts, longer, diagonal: true }),
            _ => {
                let odd = self.runs.iter().find(|run| (on_diagonal(run) == 0) == (2 * empty > hosts));
                let problem = "half a square whose diagonal is zero in some rows and not in others: write zeros on all of \
                               the diagonal, or leave it out";
                Err(Wrong::at(odd.map_or(1, |run| run.line), 0, problem))
            }
        })
    }
}

/// Triangular matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Triangle {
    pub hosts: usize,
    /// Whether rows get longer: the lower half.
    pub longer: bool,
    pub diagonal: bool,
}

/// Both ends of a link of p2psim, `i,j`, between two nodes.
pub(super) fn link_of(cell: &str) -> Option<[&str; 2]> {
    ends_of(cell).filter(|[i, j]| i != j)
}

fn ends_of(cell: &str) -> Option<[&str; 2]> {
    let (i, j) = cell.split_once(',')?;
    (is_whole(i) && is_whole(j)).then_some([i, j])
}

/// Whether a cell can name a host in a list: a whole number or a name.
fn is_host(cell: &str) -> bool {
    !cell.is_empty() && (is_whole(cell) || !is_value(cell))
}

/// Adds a host; returns whether it is new.
fn meet(hosts: &mut Hosts, id: &str) -> bool {
    let id = canonical(id);
    !hosts.contains(id) && hosts.insert(id.into())
}

/// Numbers hosts: in the order of their numbers if all have one, otherwise in order of appearance.
pub(super) fn in_order(mut hosts: Hosts) -> Hosts {
    if hosts.iter().all(|id| number(id).is_some()) {
        hosts.sort_by_cached_key(|id| number(id));
    }
    hosts
}
