//! Files in the forms in which they are published, against plain squares of the same delays.

mod odd;

use super::*;
use crate::engine::quantile::quantile;
use crate::network::measured::published;
use crate::network::{Holds, Unit};

const ONE_WAY_MS: Format = Format {
    holds: Holds::OneWay,
    unit: Unit::Ms,
    form: Form::Auto,
    value: Value::Avg,
    names: Names::Auto,
    zero: Zero::Refuse,
    missing: Missing::Refuse,
    rows: Rows::Drawn,
};

fn parse(text: &str) -> Result<Matrix, String> {
    parse_as(text, ONE_WAY_MS)
}

fn parse_as(text: &str, format: Format) -> Result<Matrix, String> {
    Matrix::parse("m.csv", text, format).map_err(|error| error.to_string())
}

/// Asserts that a file has the delays of a plain one, whatever else is found in it.
fn same(text: &str, format: Format, plain: &Matrix) {
    let read = parse_as(text, format).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    assert_eq!((read.hosts, &read.one_way), (plain.hosts, &plain.one_way), "{text}");
}

/// Asserts how the error of a file begins.
fn begins(text: &str, format: Format, message: &str) {
    let error = parse_as(text, format).unwrap_err();
    assert!(error.starts_with(message), "{error}");
}

fn millis(matrix: &Matrix, a: u32, b: u32) -> f64 {
    matrix.one_way(a, b).as_millis_f64()
}

/// Round trips in ms over all pairs of different hosts: mean, median, 95th percentile.
fn figures_of(file: &str) -> [f64; 3] {
    let matrix = Matrix::parse(file, &published(file), Format::new(Holds::Rtt, Unit::Ms)).unwrap();
    let pairs = (0..matrix.hosts()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let mut trips: Vec<_> = pairs.map(|(a, b)| 2.0 * millis(&matrix, a, b)).collect();
    trips.sort_by(f64::total_cmp);
    let mean = trips.iter().sum::<f64>() / trips.len() as f64;
    let quantiles = matrix.quantiles().unwrap().map(|delay| 2.0 * delay.as_millis_f64());
    let expected = [0.5, 0.95].map(|p| quantile(&trips, p).unwrap());
    quantiles.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 2e-6, "{found}"));
    [mean, quantiles[0], quantiles[1]]
}

#[test]
fn planetlab_round_trips_have_the_published_figures() {
    assert_eq!(figures_of("planetlab_rtt_ms_490.txt").map(f64::round), [147.0, 135.0, 325.0]);
}

#[test]
fn city_round_trips_have_the_published_figures() {
    let [mean, median, _] = figures_of("city_rtt_ms.csv");
    assert_eq!([mean, median].map(f64::round), [158.0, 145.0]);
}

#[test]
fn names_are_allowed_in_the_first_row_and_the_first_column() {
    let plain = parse("0 10 20\n10 0 30\n20 30 0\n").unwrap();
    let named = "city,A,\"B, where C is\",C\nA,0,10,20\n\"B, where C is\",10,0,30\nC,20,30,0\n";
    assert_eq!(parse(named), Ok(plain.clone()));
    assert_eq!(parse("A,B,C\n0,10,20\n10,0,30\n20,30,0\n"), Ok(plain.clone()));
    assert_eq!(parse("as,a1,a2,a3\n1,0,10,20\n2,10,0,30\n3,20,30,0\n"), Ok(plain.clone()));
    assert_eq!(parse("\n0\t10\t20\n\n10\t0\t30\n20\t30\t0"), Ok(plain));
}

#[test]
fn directions_are_averaged_and_a_round_trip_is_halved() {
    let matrix = parse_as("0 30\n50 0", Format::new(Holds::Rtt, Unit::Us)).unwrap();
    assert_eq!(matrix.one_way(0, 1), Duration::from_nanos(20_000));
    assert_eq!(matrix.one_way(1, 0), Duration::from_nanos(20_000));
}

#[test]
fn machines_at_one_host_are_nearer_than_its_nearest_neighbour() {
    let matrix = parse("0 10 20\n10 3 30\n20 30 0\n").unwrap();
    assert_eq!([0, 1, 2].map(|host| millis(&matrix, host, host)), [5.0, 3.0, 10.0]);
}

#[test]
fn errors_name_file_line_and_column_and_what_would_be_right() {
    let begins = |text, message| begins(text, ONE_WAY_MS, message);
    begins("0,1\n\n1,x\n", "m.csv: line 3, column 2: `x` is not a number: write a delay in ms");
    begins("n,A,B,C\nA,0,,2\nB,1,0,3\nC,2,3,0\n", "m.csv: line 2, column 3: `` is not a delay");
    begins("0 -1\n1 0", "m.csv: line 1, column 2: `-1` is not a delay");
    begins("0 nan\n1 0", "m.csv: line 1, column 2: `nan` is not a delay");
    begins("0 1\n1 0 2", "m.csv: line 2, column 3: a row of 3 in a matrix of 2 rows");
    begins("0 1 2\n1 0", "m.csv: line 1, column 3: a row of 3 in a matrix of 2 rows");
    begins("0 1\n1", "m.csv: line 2, column 2: a row of 1 in a matrix of 2 rows");
    begins("O 1\n1 0", "m.csv: line 1, column 1: `O` is not a number");
    begins("0 5000\n1 0", "m.csv: line 1, column 2: 5000 ms is longer than the 4.29 s");
    begins("", "m.csv: line 1, column 1: there is no latency here");
}

#[test]
fn a_file_that_cannot_be_read_is_told_from_one_with_wrong_content() {
    let error = Matrix::load("/no/such/file.csv", ONE_WAY_MS).unwrap_err();
    assert!(matches!(error, FileError::Unreadable { .. }), "{error}");
}

const SQUARE: &str = "0 10 20 40\n10 0 30 50\n20 30 0 60\n40 50 60 0\n";

#[test]
fn lists_of_pairs_are_the_square_of_their_hosts() {
    let plain = parse(SQUARE).unwrap();
    let us = Format { unit: Unit::Us, ..ONE_WAY_MS };
    same("1 2 10000\n1 3 20000\n1 4 40000\n2 3 30000\n2 4 50000\n3 4 60000\n", us, &plain);
    same(
        "i;j;us\n9;7;30000\n4;7;10000,0\n9;4;20000\n12;4;40000\n7;12;50000\n12;9;60000\n12;9;60000\n",
        Format { missing: Missing::OtherDirection, ..us },
        &parse(SQUARE).unwrap(),
    );
    same("a b 10\na c 20\na d 40\nb c 30\nb d 50\nc d 60\n", ONE_WAY_MS, &plain);
    // Both directions, one pair given twice.
    let both =
        "0 1 9\n1 0 11\n0 2 20\n2 0 20\n0 3 40\n3 0 40\n1 2 29\n1 2 29\n2 1 31\n1 3 50\n3 1 50\n2 3 60\n3 2 60\n";
    same(both, ONE_WAY_MS, &plain);
    begins(
        "1 2 10\n1 3 20\n1 2 12\n2 3 30\n",
        ONE_WAY_MS,
        "m.csv: line 3, column 3: `12` for a pair that has 10 ms in a row before",
    );
    begins(
        "1 2 10\n1 3 20\n",
        ONE_WAY_MS,
        "m.csv: line 1, column 1: 2 rows `i j value` for the 3 pairs of 3 hosts: say by `missing`",
    );
    begins(
        "1 2 10\n1 3 20\n2 3 30\n",
        ONE_WAY_MS,
        "m.csv: line 1, column 1: this may be a square of three hosts or a list",
    );
    let three = parse("0 10 20\n10 0 30\n20 30 0").unwrap();
    same("1 2 10\n1 3 20\n2 3 30\n", Format { form: Form::Pairs, ..ONE_WAY_MS }, &three);
}

#[test]
fn topologies_of_p2psim_are_the_square_of_their_nodes() {
    let plain = parse(SQUARE).unwrap();
    let links = "1,2 10\n1,3 20\n1,4 40\n2,3 30\n2,4 50\n3,4 60\n";
    let nodes = "# King\nnode 1 10,20\nnode 2\nnode 3 7,7\nnode 4 0,0\n";
    same(&format!("{nodes}{links}"), ONE_WAY_MS, &plain);
    same(links, ONE_WAY_MS, &plain);
    let holes = format!("{nodes}{}", links.replace("2,4 50", "2,4 -1"));
    begins(&holes, ONE_WAY_MS, "m.csv: line 10, column 2: `-1` is not a delay: say by `missing`");
    begins(&format!("node 1\n{links}"), ONE_WAY_MS, "m.csv: line 1, column 1: there are delays of host 2, and no line");
}

#[test]
fn pings_of_planetlab_are_the_square_below_their_heads() {
    let text = "22:31:21 10/09/2002\n10\na.edu b.org c.net d.com\n0/0/0 9/10/99 19/20/21 39/40/41\n\
                9/10/11 0/0/0 29/30/31 49/50/51\n19/20/21 29/30/31 0/0/0 59/60/61\n39/40/41 49/50/51 59/60/61 0/0/0\n";
    same(text, ONE_WAY_MS, &parse(SQUARE).unwrap());
    let largest = parse_as(text, Format { value: Value::Max, ..ONE_WAY_MS }).unwrap();
    assert_eq!([millis(&largest, 0, 1), millis(&largest, 2, 3)], [55.0, 61.0]);
    let least = parse_as(text, Format { value: Value::Min, form: Form::Planetlab, ..ONE_WAY_MS }).unwrap();
    assert_eq!(millis(&least, 0, 1), 9.0);
    begins(
        &text.replace("59/60/61 0/0/0", "59/60/61"),
        ONE_WAY_MS,
        "m.csv: line 7, column 4: a row of 3 in a matrix of 4",
    );
    begins(
        SQUARE,
        Format { form: Form::Planetlab, ..ONE_WAY_MS },
        "m.csv: line 1, column 1: this is no file of PlanetLab",
    );
}

#[test]
fn half_a_square_is_the_square() {
    let plain = parse(SQUARE).unwrap();
    for half in [
        "0\n10 0\n20 30 0\n40 50 60 0\n",
        "10\n20 30\n40 50 60\n",
        "0 10 20 40\n0 30 50\n0 60\n0\n",
        "10 20 40\n30 50\n60\n",
        "0 10 20 40\n0 0 30 50\n0 0 0 60\n0 0 0 0\n",
        "0,,,\n10,0,,\n20,30,0,\n40,50,60,0\n",
    ] {
        same(half, ONE_WAY_MS, &plain);
    }
    begins(
        "0\n10 5\n20 30 0\n",
        ONE_WAY_MS,
        "m.csv: line 2, column 1: half a square whose diagonal is zero in some rows",
    );
    let zeros = Format { zero: Zero::Delay, ..ONE_WAY_MS };
    assert_eq!(millis(&parse_as("0 10\n0 0\n", zeros).unwrap(), 0, 1), 5.0, "zeros are delays if they are said to be");
}

#[test]
fn zeros_and_holes_are_what_they_are_said_to_be() {
    let zeros = "0 100 0\n100 0 100\n0 100 0\n";
    begins(zeros, ONE_WAY_MS, "m.csv: line 1, column 3: `0` between two different hosts: set zero = \"hole\"");
    let delay = parse_as(zeros, Format { zero: Zero::Delay, ..ONE_WAY_MS }).unwrap();
    assert_eq!([millis(&delay, 0, 2), millis(&delay, 0, 1)], [0.0, 100.0]);
    let holes = "0 100 -1\n100 0 60\n-1 60 0\n";
    begins(holes, ONE_WAY_MS, "m.csv: line 1, column 3: `-1` is not a delay: say by `missing`");
    let with = |text: &str, missing| parse_as(text, Format { missing, zero: Zero::Hole, ..ONE_WAY_MS });
    assert_eq!(millis(&with(zeros, Missing::ShortestDetour).unwrap(), 0, 2), 200.0);
    assert_eq!(millis(&with(holes, Missing::ShortestDetour).unwrap(), 0, 2), 160.0);
    assert_eq!(millis(&with(holes, Missing::RowMedian).unwrap(), 0, 2), 80.0);
    let error = with(holes, Missing::OtherDirection).unwrap_err();
    assert!(error.contains("there is no delay between the 1. host and the 3. host in either direction"), "{error}");
    let one_way = with("0 100 70\n100 0 60\n? 60 0\n", Missing::OtherDirection).unwrap();
    assert_eq!((millis(&one_way, 0, 2), one_way.found().holes), (70.0, 1));
}

#[test]
fn hosts_with_most_holes_are_dropped_first_and_of_equals_the_first() {
    let drop = Format { missing: Missing::DropHost, ..ONE_WAY_MS };
    let left = parse_as("0 1 2 3\n1 0 - 5\n2 - 0 -\n3 5 - 0\n", drop).unwrap();
    let plain = parse("0 1 3\n1 0 5\n3 5 0\n").unwrap();
    assert_eq!((&left.one_way, left.found().table, left.found().holes), (&plain.one_way, [4, 4], 4));
    let left = parse_as("0 - 2\n- 0 4\n2 4 0\n", drop).unwrap();
    assert_eq!((left.hosts(), millis(&left, 0, 1)), (2, 4.0));
}

#[test]
fn names_are_told_from_delays() {
    let plain = parse("0 100 100\n100 0 100\n100 100 0\n").unwrap();
    same("0 50/100/150 100\n50/100/150 0 100\n100 100 0\n", ONE_WAY_MS, &plain);
    same(
        ",10.0.0.1,10.0.0.2,10.0.0.3\n10.0.0.1,0,100,100\n10.0.0.2,100,0,100\n10.0.0.3,100,100,0\n",
        ONE_WAY_MS,
        &plain,
    );
    same("AS1 0 100 100\nAS2 100 0 100\nAS3 100 100 0\n", ONE_WAY_MS, &plain);
    same("# 1 2 3\n0 100 100\n100 0 100\n100 100 0\n", ONE_WAY_MS, &plain);
    let numbers = "1 2 3\n0 100 100\n100 0 100\n100 100 0\n";
    begins(numbers, ONE_WAY_MS, "m.csv: line 1, column 1: 4 rows `i j value` for the 6 pairs of 4 hosts: say by");
    same(numbers, Format { names: Names::FirstRow, ..ONE_WAY_MS }, &plain);
    let numbers = format!("1 2 3 4\n{SQUARE}");
    let told = "m.csv: line 1, column 5: a row of 4 in a matrix of 5 rows: if the numbers of the first row are names";
    begins(&numbers, ONE_WAY_MS, told);
    same(&numbers, Format { names: Names::FirstRow, ..ONE_WAY_MS }, &parse(SQUARE).unwrap());
    let numbers = "1 0 100 100\n2 100 0 100\n3 100 100 0\n";
    let told =
        "m.csv: line 1, column 4: a row of 4 in a matrix of 3 rows: if the numbers of the first column are names";
    begins(numbers, ONE_WAY_MS, told);
    same(numbers, Format { names: Names::FirstColumn, ..ONE_WAY_MS }, &plain);
    let corner = ",1,2,3\n1,0,100,100\n2,100,0,100\n3,100,100,0\n";
    begins(
        corner,
        ONE_WAY_MS,
        "m.csv: line 1, column 1: `` stands over a column of numbers and before a row of numbers",
    );
    same(corner, Format { names: Names::Both, ..ONE_WAY_MS }, &plain);
}

#[test]
fn a_table_of_hosts_and_targets_is_the_square_of_those_on_both_sides() {
    let table = "host,c,x,a,b\na,20,1,0,10\nb,30,2,10,0\nc,0,3,20,30\ny,1,2,3,4\nz,5,6,7,8\n";
    let read = parse(table).unwrap();
    let plain = parse("0 10 20\n10 0 30\n20 30 0\n").unwrap();
    assert_eq!((read.hosts(), &read.one_way, read.found().table), (3, &plain.one_way, [5, 4]));
    begins("h,a,a\na,0,1\nb,1,0\n", ONE_WAY_MS, "m.csv: line 1, column 3: there are two columns of `a`");
}

#[test]
fn machines_stand_in_order_if_so_said() {
    let ordered = parse_as(SQUARE, Format { rows: Rows::InOrder, ..ONE_WAY_MS }).unwrap();
    assert_eq!([0, 3, 4].map(|machine| ordered.row_of(machine)), [Some(0), Some(3), None]);
    assert_eq!(parse(SQUARE).unwrap().row_of(0), None);
}

#[test]
fn asymmetry_is_the_difference_of_directions_as_a_share_of_their_mean() {
    assert_eq!(parse("0 90\n110 0\n").unwrap().found().asymmetry, Some(0.2));
    assert_eq!(parse("0\n10 0\n20 30 0\n").unwrap().found().asymmetry, None);
}

/// The mean of both directions rounded once, as a version without half-known pairs in the memory of whole ones gave it.
#[test]
fn fractions_of_nanoseconds_are_averaged_before_they_are_rounded() {
    let text = "0 1.4 2.6\n2.2 0.3 7.5\n3.3 8.4 0\n";
    let matrix = parse_as(text, Format::new(Holds::OneWay, Unit::Ns)).unwrap();
    assert_eq!(matrix.one_way, [1, 2, 3, 2, 0, 8, 3, 8, 1]);
}

/// What one token or one line more, less or other makes of a text.
fn mutations(text: &str) -> Vec<String> {
    let tokens =
        ["", "-1", "0", "x", "1,2", "9/9/9", "nan", "1e400", "\"", "node", "999999999999", "7;7", "#", "\u{feff}"];
    let lines: Vec<&str> = text.lines().collect();
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let with = |new: &[String]| {
            let old = |line: &&str| (*line).to_owned();
            let (before, after) = (lines[..at].iter().map(old), lines[at + 1..].iter().map(old));
            before.chain(new.iter().cloned()).chain(after).collect::<Vec<_>>().join("\n")
        };
        all.extend([with(&[]), with(&[line.to_string(), line.to_string()])]);
        let words: Vec<&str> = line.split_inclusive([' ', ',', ';']).collect();
        for (word, token) in (0..words.len()).flat_map(|word| tokens.map(|token| (word, token))) {
            let mut words = words.clone();
            let end = words[word].trim_start_matches(|c| ![' ', ',', ';'].contains(&c));
            let other = format!("{token}{end}");
            words[word] = &other;
            all.push(with(&[words.concat()]));
        }
    }
    all
}

#[test]
fn whatever_is_wrong_in_a_file_is_told_or_read_without_a_panic() {
    let texts = [
        SQUARE,
        "a,b,c\n0,1,2\n1,0,3\n2,3,0\n",
        "h;a;b;c\na;0;1,5;2\nb;1,5;0;3\nc;2;3;0\n",
        "1 2 10\n1 3 20\n1 4 40\n2 3 30\n2 4 50\n3 4 60\n",
        "node 1 1,1\nnode 2\nnode 3\n1,2 10\n1,3 20\n2,3 30\n",
        "date\n10\na b c\n0/0/0 1/2/3 4/5/6\n1/2/3 0/0/0 7/8/9\n4/5/6 7/8/9 0/0/0\n",
        "10\n20 30\n40 50 60\n",
    ];
    let missing =
        [Missing::Refuse, Missing::OtherDirection, Missing::RowMedian, Missing::ShortestDetour, Missing::DropHost];
    let forms = [Form::Auto, Form::Square, Form::Pairs, Form::Triangle, Form::Planetlab, Form::P2psim];
    let names = [Names::Auto, Names::FirstRow, Names::FirstColumn, Names::Both, Names::None];
    let mut read = 0;
    for text in texts.into_iter().flat_map(mutations) {
        for (at, missing) in missing.into_iter().enumerate() {
            let said = Format { missing, zero: [Zero::Refuse, Zero::Hole, Zero::Delay][at % 3], ..ONE_WAY_MS };
            let formats = forms.map(|form| Format { form, ..said }).into_iter();
            for format in formats.chain(names.map(|names| Format { names, ..said })) {
                if let Ok(matrix) = parse_as(&text, format) {
                    assert_eq!(matrix.one_way.len(), (matrix.hosts * matrix.hosts) as usize, "{text}");
                    read += 1;
                }
            }
        }
    }
    assert!(read > 1_000, "only {read} of them were read");
}
