//! Labels as they stand in a file, turned into classes.

use std::collections::HashMap;

/// The labels of the rows read so far. Each distinct text is kept once.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Each text and its number, in the order of first appearance.
    numbers: HashMap<String, usize>,
    rows: Vec<usize>,
}

impl Labels {
    pub(super) fn push(&mut self, text: &str) {
        let next = self.numbers.len();
        let number = match self.numbers.get(text) {
            Some(&number) => number,
            None => *self.numbers.entry(text.to_string()).or_insert(next),
        };
        self.rows.push(number);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The class of each row, and the names of the classes in their final order.
    pub(super) fn finish(self) -> (Vec<usize>, Vec<String>) {
        let mut names: Vec<(String, usize)> = self.numbers.into_iter().collect();
        sort(&mut names);
        let mut classes = vec![0; names.len()];
        names.iter().enumerate().for_each(|(class, &(_, number))| classes[number] = class);
        let labels = self.rows.into_iter().map(|number| classes[number]).collect();
        (labels, names.into_iter().map(|(name, _)| name).collect())
    }
}

/// By value if all are whole numbers (`9` after `09`), else alphabetically.
fn sort(names: &mut [(String, usize)]) {
    names.sort();
    if names.iter().all(|(name, _)| whole(name).is_some()) {
        names.sort_by_key(|(name, _)| whole(name));
    }
}

fn whole(text: &str) -> Option<i128> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(texts: &[&str]) -> (Vec<usize>, Vec<String>) {
        let mut labels = Labels::default();
        texts.iter().for_each(|text| labels.push(text));
        assert_eq!(labels.len(), texts.len());
        labels.finish()
    }

    #[test]
    fn texts_are_classes_in_alphabetic_order() {
        let (labels, names) = finish(&["dog", "cat", "dog", "emu"]);
        assert_eq!(names, ["cat", "dog", "emu"]);
        assert_eq!(labels, [1, 0, 1, 2]);
    }

    #[test]
    fn whole_numbers_are_in_numeric_order() {
        let (labels, names) = finish(&["10", "9", "-3", "10", "09"]);
        assert_eq!(names, ["-3", "09", "9", "10"]);
        assert_eq!(labels, [3, 2, 0, 3, 1]);
    }
}
