//! Lays values into buffers so that values which are never alive together share memory.

use super::Slot;

/// A value that needs memory: how much, and from which to which moment of the schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) len: usize,
    pub(super) birth: usize,
    pub(super) death: usize,
}

impl Value {
    pub(super) fn new(len: usize, birth: usize) -> Self {
        Self { len, birth, death: birth }
    }

    /// The value is read at this moment.
    pub(super) fn used(&mut self, moment: usize) {
        self.death = self.death.max(moment);
    }

    /// The value is read after the run.
    pub(super) fn kept(&mut self) {
        self.death = usize::MAX;
    }
}

/// Gives every value a slot; also returns the length of each buffer.
///
/// Values are placed in the order of their birth, each into the free buffer that fits best: the
/// smallest that is large enough, else the largest, which grows. A buffer is free for a value
/// born *after* the death of the one before, so an operation never writes over what it reads.
pub(super) fn lay_out(values: &[Value]) -> (Vec<Slot>, Vec<usize>) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&i| values[i].birth);
    let mut slots = vec![Slot { buffer: 0, len: 0 }; values.len()];
    let mut buffers: Vec<Buffer> = Vec::new();
    for i in order {
        let value = values[i];
        let buffer = best_fit(&buffers, value).unwrap_or_else(|| {
            buffers.push(Buffer { len: 0, busy_until: None });
            buffers.len() - 1
        });
        let taken = &mut buffers[buffer];
        taken.len = taken.len.max(value.len);
        taken.busy_until = Some(value.death);
        slots[i] = Slot { buffer, len: value.len };
    }
    (slots, buffers.iter().map(|buffer| buffer.len).collect())
}

struct Buffer {
    len: usize,
    busy_until: Option<usize>,
}

fn best_fit(buffers: &[Buffer], value: Value) -> Option<usize> {
    let free = |b: &Buffer| b.busy_until.is_none_or(|moment| moment < value.birth);
    let candidates = buffers.iter().enumerate().filter(|(_, buffer)| free(buffer));
    // Buffers that are large enough come first, by length; then the others, longest first.
    let rank = |len: usize| (len < value.len, if len < value.len { usize::MAX - len } else { len });
    candidates.min_by_key(|(_, buffer)| rank(buffer.len)).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_alive_together_never_share(
            spans in prop::collection::vec((1..50usize, 0..40usize, 0..10usize), 1..60),
        ) {
            let values: Vec<Value> = spans
                .iter()
                .map(|&(len, birth, life)| Value { len, birth, death: birth + life })
                .collect();
            let (slots, lens) = lay_out(&values);
            for (i, a) in values.iter().enumerate() {
                prop_assert!(slots[i].len == a.len && lens[slots[i].buffer] >= a.len);
                for (j, b) in values.iter().enumerate().skip(i + 1) {
                    let together = a.birth <= b.death && b.birth <= a.death;
                    prop_assert!(!together || slots[i].buffer != slots[j].buffer);
                }
            }
        }
    }

    #[test]
    fn a_chain_needs_two_buffers_however_long() {
        let link = |i| Value { len: 10, birth: i, death: i + 1 };
        let (_, lens) = lay_out(&(0..100).map(link).collect::<Vec<_>>());
        assert_eq!(lens, [10, 10]);
    }
}
