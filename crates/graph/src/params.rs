//! Everything a model learns, in one flat, named store.
//!
//! Layers hold [`ParamId`]s, not values. So saving a model is writing named tensors, an optimizer
//! walks a list, groups of parameters are name patterns, and any model can be re-initialized by
//! one call, which is what comparing initializers needs.

use evenkeel_init::{Policy, Role};
use evenkeel_tensor::{Real, Tensor};

use crate::GraphError;

/// A handle to one parameter of a [`Params`] store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub(crate) usize);

impl ParamId {
    /// The parameter's place in the store, counted from zero in the order of adding.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Whether training changes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Optimizers update it.
    Trainable,
    /// It keeps its value; no gradient is computed.
    Frozen,
    /// It is updated by the model itself, as running statistics are; no gradient is computed.
    State,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Entry<T: Real = f32> {
    name: String,
    kind: Kind,
    role: Role,
    initializer: Option<String>,
    value: Tensor<T>,
}

impl<T: Real> Entry<T> {
    /// The parameter's name: its layer's path and its own name, as in `hidden.0/weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether training changes it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is for.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The text of the initializer that gave it its present start, if a policy did.
    pub fn initializer(&self) -> Option<&str> {
        self.initializer.as_deref()
    }

    /// Its value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// Its value, for writing.
    pub fn value_mut(&mut self) -> &mut Tensor<T> {
        &mut self.value
    }
}

/// The flat store of a model's parameters, in the order in which they were added.
///
/// ```
/// use evenkeel_graph::{Params, Role};
/// use evenkeel_init::{Activation, Fans, Policy};
/// use evenkeel_tensor::Tensor;
///
/// let mut params = Params::<f32>::new();
/// let fans = Fans::new(4, 8)?;
/// let role = Role::Weight { fans, feeds: Activation::Relu };
/// let weight = params.add("hidden/weight", Tensor::zeros([4, 8]), role)?;
///
/// params.initialize(&Policy::auto(), 42)?;
/// assert_eq!(params.get(weight).initializer(), Some("he_normal"));
/// # Ok::<(), evenkeel_graph::GraphError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params<T: Real = f32> {
    entries: Vec<Entry<T>>,
}

impl<T: Real> Params<T> {
    /// An empty store.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a trainable parameter with this value.
    ///
    /// # Errors
    /// [`GraphError::DuplicateParameter`] if the name is taken.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        value: Tensor<T>,
        role: Role,
    ) -> Result<ParamId, GraphError> {
        let name = name.into();
        if self.find(&name).is_some() {
            return Err(GraphError::DuplicateParameter { name });
        }
        let kind = Kind::Trainable;
        self.entries.push(Entry { name, kind, role, initializer: None, value });
        Ok(ParamId(self.entries.len() - 1))
    }

    /// Changes whether training changes a parameter. Plans built before do not notice.
    ///
    /// # Panics
    /// If the parameter belongs to another store.
    pub fn set_kind(&mut self, id: ParamId, kind: Kind) {
        self.get_mut(id).kind = kind;
    }

    /// The parameter behind a handle.
    ///
    /// # Panics
    /// If the handle belongs to another store, which has more parameters.
    pub fn get(&self, id: ParamId) -> &Entry<T> {
        assert!(id.0 < self.len(), "parameter {} of {}", id.0, self.len());
        &self.entries[id.0]
    }

    /// The parameter behind a handle, for writing.
    ///
    /// # Panics
    /// If the handle belongs to another store, which has more parameters.
    pub fn get_mut(&mut self, id: ParamId) -> &mut Entry<T> {
        assert!(id.0 < self.len(), "parameter {} of {}", id.0, self.len());
        &mut self.entries[id.0]
    }

    /// The handle of the parameter with this name.
    pub fn find(&self, name: &str) -> Option<ParamId> {
        self.entries.iter().position(|entry| entry.name == name).map(ParamId)
    }

    /// All parameters with their handles, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ParamId, &Entry<T>)> + Clone {
        self.entries.iter().enumerate().map(|(i, entry)| (ParamId(i), entry))
    }

    /// All parameters with their handles, in order, for writing.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (ParamId, &mut Entry<T>)> {
        self.entries.iter_mut().enumerate().map(|(i, entry)| (ParamId(i), entry))
    }

    /// The number of parameters (tensors).
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of values in all parameters together.
    pub fn value_count(&self) -> usize {
        self.entries.iter().map(|entry| entry.value.len()).sum()
    }

    /// Gives every parameter but those of [`Kind::State`] new initial values.
    ///
    /// The values of a parameter depend on the seed, its name, shape and role, and the policy;
    /// not on the other parameters, nor on the number of threads.
    ///
    /// # Errors
    /// [`GraphError::Init`] if a rule of the policy matches no parameter, or an initializer
    /// refuses one. What was initialized before it keeps its new values.
    pub fn initialize(&mut self, policy: &Policy<T>, seed: u64) -> Result<(), GraphError> {
        policy.check_rules(self.entries.iter().map(|entry| entry.name.as_str()))?;
        for entry in self.entries.iter_mut().filter(|entry| entry.kind != Kind::State) {
            let init = policy.fill(&entry.name, &entry.role, &mut entry.value, seed)?;
            entry.initializer = Some(init.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_init::{Activation, Fans};

    use super::*;

    fn store(names: &[&str]) -> Params<f64> {
        let fans = Fans::new(5, 7).unwrap();
        let mut params = Params::new();
        for name in names {
            let role = Role::Weight { fans, feeds: Activation::Relu };
            params.add(*name, Tensor::zeros([5, 7]), role).unwrap();
        }
        params
    }

    #[test]
    fn adding_or_reordering_parameters_changes_no_other() {
        let (mut few, mut many) = (store(&["a", "b"]), store(&["z", "b", "y", "a"]));
        for params in [&mut few, &mut many] {
            params.initialize(&Policy::auto(), 3).unwrap();
        }
        for name in ["a", "b"] {
            let value = |params: &Params<f64>| params.get(params.find(name).unwrap()).value.clone();
            assert_eq!(value(&few), value(&many));
        }
    }

    #[test]
    fn names_are_unique() {
        let mut params = store(&["a"]);
        let error = params.add("a", Tensor::zeros([1]), Role::Scale).unwrap_err();
        assert_eq!(error.to_string(), "there already is a parameter `a`");
    }

    #[test]
    fn a_rule_that_matches_nothing_is_refused() {
        let error = store(&["a"]).initialize(&"zeros; b=ones".parse().unwrap(), 0).unwrap_err();
        assert_eq!(error.to_string(), "policy pattern `b` matches no parameter; there are a");
    }
}
