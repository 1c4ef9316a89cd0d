//! Names in data files, which may all be whole numbers.

/// Whether a text consists of digits.
pub fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Canonical name: a number without leading zeros, so that `07` is `7`; other names unchanged.
pub fn canonical(name: &str) -> &str {
    match name.trim_start_matches('0') {
        "" if !name.is_empty() => "0",
        short if is_whole(short) => short,
        _ => name,
    }
}

/// Number of a canonical name, if it is one of 64 bits.
pub fn number(name: &str) -> Option<u64> {
    is_whole(name).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_before_a_number_are_no_part_of_its_name() {
        let names = ["07", "000", "7", "0x7", "0", "", "+7", "00a"];
        assert_eq!(names.map(canonical), ["7", "0", "7", "0x7", "0", "", "+7", "00a"]);
        assert_eq!(names.map(number), [Some(7), Some(0), Some(7), None, Some(0), None, None, None]);
        assert_eq!(number("18446744073709551616"), None);
    }
}
