//! Any text as a file of delays between hosts, read in any way: right, or refused. The last two bytes say how it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerlab::network::{Form, Format, Holds, Matrix, Missing, Names, Unit, Value, Zero};

const FORMS: [Form; 6] = [Form::Auto, Form::Square, Form::Pairs, Form::Triangle, Form::Planetlab, Form::P2psim];
const NAMES: [Names; 5] = [Names::Auto, Names::FirstRow, Names::FirstColumn, Names::Both, Names::None];
const MISSING: [Missing; 5] =
    [Missing::Refuse, Missing::OtherDirection, Missing::RowMedian, Missing::ShortestDetour, Missing::DropHost];

fuzz_target!(|bytes: &[u8]| {
    let Some((text, how)) = bytes.split_last_chunk() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let mut how = usize::from(u16::from_le_bytes(*how));
    let mut one_of = |number: usize| {
        let one = how % number;
        how /= number;
        one
    };
    let format = Format {
        form: FORMS[one_of(FORMS.len())],
        names: NAMES[one_of(NAMES.len())],
        missing: MISSING[one_of(MISSING.len())],
        zero: [Zero::Refuse, Zero::Hole, Zero::Delay][one_of(3)],
        value: [Value::Min, Value::Avg, Value::Max][one_of(3)],
        ..Format::new(Holds::Rtt, Unit::Ms)
    };
    let Ok(matrix) = Matrix::parse("data", text, format) else { return };
    let hosts = matrix.hosts().min(30);
    for (a, b) in (0..hosts).flat_map(|a| (0..a).map(move |b| (a, b))) {
        assert_eq!(matrix.one_way(a, b), matrix.one_way(b, a));
    }
    matrix.quantiles();
});
