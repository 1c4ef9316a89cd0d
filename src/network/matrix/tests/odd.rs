//! Files that are nearly something else, or hardly anything.

use super::*;
use crate::network::matrix::survey::NAMED;

const LIST: Format = Format { form: Form::Pairs, ..ONE_WAY_MS };

fn with(missing: Missing) -> Format {
    Format { missing, ..ONE_WAY_MS }
}

#[test]
fn a_list_may_give_each_pair_in_either_direction() {
    let plain = parse(SQUARE).unwrap();
    let pairs = [("1", "2", 10), ("1", "3", 20), ("1", "4", 40), ("2", "3", 30), ("2", "4", 50), ("3", "4", 60)];
    let list = |turned: u32, between: &str| -> String {
        let turn = |(at, (a, b, ms)): (usize, (&'static str, &'static str, u32))| match turned >> at & 1 {
            0 => format!("{a}{between}{b} {ms}\n"),
            _ => format!("{b}{between}{a} {ms}\n"),
        };
        pairs.into_iter().enumerate().map(turn).collect()
    };
    for turned in 0..1 << pairs.len() {
        for between in [" ", ","] {
            let text = list(turned, between);
            same(&text, ONE_WAY_MS, &plain);
            same(&text, with(Missing::DropHost), &plain);
            assert_eq!(parse(&text).unwrap().found().holes, 0, "{text}");
            let less = text.replace("60\n", "-\n");
            assert_eq!(parse_as(&less, with(Missing::RowMedian)).unwrap().found().holes, 1, "{less}");
            begins(
                &less,
                ONE_WAY_MS,
                &format!("m.csv: line 6, column {}: `-` is not", 3 - between.matches(',').count()),
            );
            let zero = text.replace(" 60\n", " 0\n");
            begins(&zero, with(Missing::DropHost), "m.csv: line 6, column ");
        }
    }
    let named = parse("0 30 10\n30 0 20\n10 20 0\n").unwrap();
    same("b c 30\na c 20\na b 10\n", LIST, &named);
    // Each pair twice, if often without a delay.
    begins("1 2 10\n2 1 -\n1 3 -\n3 1 20\n2 3 30\n3 2 -\n", LIST, "m.csv: line 2, column 3: `-` is not a delay");
    begins(
        "2 1 10\n1 3 20\n4 1 40\n2 3 30\n4 2 50\n4 2 50\n",
        ONE_WAY_MS,
        "m.csv: line 1, column 1: there is no delay from host 3 to host 4",
    );
    begins(
        "1 2 10\n2 1 10\n3 1 20\n2 3 30\n",
        ONE_WAY_MS,
        "m.csv: line 1, column 1: there is no delay from host 1 to host 3",
    );
}

#[test]
fn a_pair_that_is_given_again_is_told_from_its_other_direction() {
    begins("1 2 10\n1 2 20\n", LIST, "m.csv: line 2, column 3: `20` for a pair that has 10 ms in a row before");
    begins(
        "1 2 10\n2 1 20\n1 2 10\n",
        LIST,
        "m.csv: line 3, column 3: `10` for a pair that has 15 ms on average of both directions in rows before",
    );
}

#[test]
fn a_single_host_is_no_network_unless_the_file_has_no_more() {
    let told =
        "m.csv: line 1, column 1: no two of the 3 hosts have all delays between them, so that only one is left: set";
    begins("0 - -\n- 0 -\n- - 0\n", with(Missing::DropHost), told);
    begins("1 2 -\n3 1 -\n2 3 -\n", Format { missing: Missing::DropHost, ..LIST }, told);
    begins("-\n- -\n- - -\n", with(Missing::DropHost), told);
    let told = "m.csv: line 1, column 1: only one host has both a row and a column: write both for each of two hosts";
    begins("h,a,x\na,0,1\ny,1,0\n", ONE_WAY_MS, told);
    assert_eq!(parse("0\n").unwrap().hosts(), 1);
}

#[test]
fn tables_are_matched_whatever_their_sides() {
    let plain = parse("0 10\n10 0\n").unwrap();
    let narrow = parse(",a,b\na,0,10\nx,1,2\ny,3,4\nx,5,6\nb,10,0\n").unwrap();
    assert_eq!((&narrow.one_way, narrow.found().table), (&plain.one_way, [5, 2]));
    begins(
        "h,b,a\na,10,0\nx,1,2\na,10,0\nb,0,10\n",
        ONE_WAY_MS,
        "m.csv: line 4, column 1: a second row of `a`, after that in line 2: write one for each host",
    );
    begins("h,x,a,a\na,1,0,0\n", ONE_WAY_MS, "m.csv: line 1, column 4: there are two columns of `a`");
    let rows: String = (0..=NAMED).map(|row| format!("r{row},1,2\n")).collect();
    begins(
        &format!("h,a,b\n{rows}"),
        ONE_WAY_MS,
        &format!(
            "m.csv: line 1, column 1: {} rows are more than the {NAMED} that a table of so few columns may have",
            NAMED + 1
        ),
    );
}

#[test]
fn a_row_of_holes_is_no_row_of_names() {
    let plain = parse("0 5 6 7\n5 0 1 2\n6 1 0 3\n7 2 3 0\n").unwrap();
    for hole in ["nan", "-", "NA", "infinity"] {
        let text = format!("{hole} {hole} {hole} {hole}\n5 0 1 2\n6 1 0 3\n7 2 3 0\n");
        same(&text, with(Missing::OtherDirection), &plain);
        begins(&text, ONE_WAY_MS, &format!("m.csv: line 1, column 2: `{hole}` is not a delay"));
    }
    // Names that were left out, as by a spreadsheet.
    let plain = parse("0 1 2\n1 0 3\n2 3 0\n").unwrap();
    same("NA,x,none\n0,1,2\n1,0,3\n2,3,0\n", ONE_WAY_MS, &plain);
    same(",,\n0,1,2\n1,0,3\n2,3,0\n", ONE_WAY_MS, &plain);
    same(",,,\na,0,1,2\nb,1,0,3\nc,2,3,0\n", ONE_WAY_MS, &plain);
}

#[test]
fn zeros_and_holes_are_seen_as_they_are_read() {
    let plain = parse("0 10 20\n10 0 30\n20 30 0\n").unwrap();
    for zero in ["0", "0,0", "0.00", "0/0/0", "-0", "infinity", "-1", "nan/nan/nan"] {
        same(&format!("{zero}\n10 {zero}\n20 30 {zero}\n"), ONE_WAY_MS, &plain);
    }
}

#[test]
fn detours_lead_over_neighbours_however_few() {
    let hosts = 1_600;
    let star: String = (1..hosts).map(|leaf| format!("0 {leaf} {leaf}\n")).collect();
    let read = parse_as(&star, with(Missing::ShortestDetour)).unwrap();
    for (a, b) in [(0, 7), (7, 8), (8, 7), (1, hosts - 1), (hosts - 2, hosts - 1)] {
        assert_eq!(millis(&read, a, b), f64::from(a + b));
    }
    let text = "0 1 - 9\n1 0 4 -\n- 4 0 2\n9 - 2 0\n";
    let read = parse_as(text, with(Missing::ShortestDetour)).unwrap();
    assert_eq!([millis(&read, 0, 2), millis(&read, 1, 3)], [5.0, 6.0]);
}

#[test]
fn who_is_left_keeps_what_was_known() {
    let plain = parse("0 10 40\n10 7 50\n40 50 0\n").unwrap();
    let drop = with(Missing::DropHost);
    same("0 9 - 39\n11 7 30 51\n- 30 0 -\n41 49 60 0\n", drop, &plain);
    same("2 1 10\n1 4 40\n2 2 7\n4 2 50\n2 3 30\n", drop, &plain);
}

#[test]
fn all_rows_of_p2psim_are_nodes_or_links() {
    let told = "this is neither a node, `node i x,y`, nor a link between two, `i,j value`";
    for form in [Form::Auto, Form::P2psim] {
        let said = Format { form, ..ONE_WAY_MS };
        let told_of = |row: &str, told: &str| {
            let text = format!("node 1\nnode 2 5,5\n1,2 10\n{row}\n");
            begins(&text, said, &format!("m.csv: line 4, column 1: {told}"));
        };
        ["1 2 3 4", "1,2,10", "nodes 3", "node x", "2,2", "1 2 3"].into_iter().for_each(|row| told_of(row, told));
        told_of("node 02 5,5", "a second row of this node: write one for each");
        same("node 1\nnode 2\n1,1 0\n1,2 10\n2,2 0\n", said, &parse("0 10\n10 0\n").unwrap());
    }
}

#[test]
fn quantiles_are_those_of_results() {
    let quantiles = parse(SQUARE).unwrap().quantiles().unwrap().map(|delay| delay.as_millis_f64());
    assert_eq!(quantiles, [35.0, 57.5]);
    assert_eq!(parse("0\n").unwrap().quantiles(), None);
}
