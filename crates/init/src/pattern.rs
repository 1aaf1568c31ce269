//! Patterns over parameter names, where `*` stands for any run of characters.

/// Whether `pattern` matches all of `name`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(i, _)| i).chain([rest.len()]);
            starts.any(|start| matches(tail, &rest[start..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, expected) in [
            ("a/weight", "a/weight", true),
            ("a/weight", "b/a/weight", false),
            ("*/bias", "hidden.0/bias", true),
            ("hidden.*/weight", "hidden.12/weight", true),
            ("hidden.*/weight", "output/weight", false),
            ("*", "", true),
            ("*é*t", "hédt", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
