//! Which initializer each parameter gets.
//!
//! A policy names one initializer for weights (or `auto`, which looks at the activation that
//! each layer feeds), one for biases (zeros unless said otherwise), and rules for parameters by
//! name. It reads and prints as text: `he_normal; bias=constant(0.1); output/*=zeros`.

use std::fmt;
use std::str::FromStr;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::text::syntax;
use crate::{Activation, Constant, Distribution, Init, InitError, Role, VarianceScaling, pattern};

/// Says which initializer each parameter of a model gets.
///
/// ```
/// use evenkeel_init::{Constant, Init, Policy};
///
/// let policy: Policy = Policy::weights("he_normal".parse()?)
///     .with_biases(Init::new(Constant::new(0.1)?))
///     .with_rule("output/weight", Init::new(Constant::zeros()));
/// assert_eq!(policy, "he_normal; bias=constant(0.1); output/weight=zeros".parse()?);
/// # Ok::<(), evenkeel_init::InitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<T: Real = f32> {
    weights: Choice<T>,
    biases: Init<T>,
    rules: Vec<Rule<T>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Choice<T: Real> {
    Auto,
    Always(Init<T>),
}

#[derive(Clone, Debug, PartialEq)]
struct Rule<T: Real> {
    pattern: String,
    init: Init<T>,
}

impl<T: Real> Policy<T> {
    /// The initializer that suits each activation, and zeros for biases.
    ///
    /// | the layer feeds | its weights get |
    /// |---|---|
    /// | ReLU, ELU, GELU, SiLU, softplus | `he_normal` |
    /// | leaky ReLU with slope a | `he_normal(a)` |
    /// | SELU | `lecun_normal` |
    /// | tanh, sigmoid, softsign, identity (an output layer) | `glorot_normal` |
    pub fn auto() -> Self {
        Self::new(Choice::Auto)
    }

    /// This initializer for every weight, and zeros for biases.
    pub fn weights(init: Init<T>) -> Self {
        Self::new(Choice::Always(init))
    }

    fn new(weights: Choice<T>) -> Self {
        Self { weights, biases: Init::new(Constant::zeros()), rules: Vec::new() }
    }

    /// This policy with another initializer for biases.
    #[must_use]
    pub fn with_biases(self, biases: Init<T>) -> Self {
        Self { biases, ..self }
    }

    /// This policy with an initializer for all parameters whose name matches `pattern`, in which
    /// `*` stands for any run of characters. The last rule that matches counts.
    #[must_use]
    pub fn with_rule(mut self, pattern: impl Into<String>, init: Init<T>) -> Self {
        self.rules.push(Rule { pattern: pattern.into(), init });
        self
    }

    /// The initializer that the parameter of this name and role gets. Scales get ones unless a
    /// rule says otherwise.
    pub fn initializer(&self, name: &str, role: &Role) -> Init<T> {
        let rule = self.rules.iter().rev().find(|rule| pattern::matches(&rule.pattern, name));
        match (rule, role) {
            (Some(rule), _) => rule.init.clone(),
            (None, Role::Weight { feeds, .. }) => match &self.weights {
                Choice::Auto => suited(*feeds),
                Choice::Always(init) => init.clone(),
            },
            (None, Role::Bias { .. }) => self.biases.clone(),
            (None, Role::Scale) => Init::new(Constant::ones()),
        }
    }

    /// Gives one parameter its initial values: they depend on `seed`, the parameter's name, this
    /// policy and the shape, and on nothing else. Returns the initializer that was used.
    ///
    /// # Errors
    /// [`InitError::NoFans`] if the initializer needs fans and the role has none, or what the
    /// initializer itself refuses.
    pub fn fill(
        &self,
        name: &str,
        role: &Role,
        values: &mut Tensor<T>,
        seed: u64,
    ) -> Result<Init<T>, InitError> {
        let init = self.initializer(name, role);
        let fans = match role.fans() {
            Some(fans) => fans,
            None if !init.needs_fans() => crate::Fans::new(1, 1)?,
            None => {
                let (parameter, initializer) = (name.into(), init.to_string());
                return Err(InitError::NoFans { parameter, initializer, role: role.name() });
            }
        };
        init.fill(values, fans, &mut Stream::new(seed, name))?;
        Ok(init)
    }

    /// Checks that every rule applies to at least one of these parameters.
    ///
    /// # Errors
    /// [`InitError::UnmatchedPattern`] for the first rule that does not.
    pub fn check_rules<'a>(
        &self,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), InitError> {
        let useless = |rule: &&Rule<T>| !names.clone().any(|n| pattern::matches(&rule.pattern, n));
        match self.rules.iter().find(useless) {
            None => Ok(()),
            Some(rule) => Err(InitError::UnmatchedPattern {
                pattern: rule.pattern.clone(),
                known: names.map(str::to_owned).collect(),
            }),
        }
    }
}

/// What [`Policy::auto`] gives to a weight that feeds this activation.
fn suited<T: Real>(feeds: Activation) -> Init<T> {
    use Activation as A;
    match feeds {
        A::LeakyRelu { slope } => VarianceScaling::he_leaky(slope, Distribution::Normal)
            .map_or_else(|_| Init::new(VarianceScaling::he_normal()), Init::new),
        A::Selu => Init::new(VarianceScaling::lecun_normal()),
        A::Identity | A::Tanh | A::Sigmoid | A::Softsign => {
            Init::new(VarianceScaling::glorot_normal())
        }
        A::Relu | A::Elu { .. } | A::Gelu | A::GeluTanh | A::Silu | A::Softplus => {
            Init::new(VarianceScaling::he_normal())
        }
    }
}

impl<T: Real> fmt::Display for Policy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.weights {
            Choice::Auto => write!(f, "auto")?,
            Choice::Always(init) => write!(f, "{init}")?,
        }
        if self.biases != Init::new(Constant::zeros()) {
            write!(f, "; bias={}", self.biases)?;
        }
        self.rules.iter().try_for_each(|rule| write!(f, "; {}={}", rule.pattern, rule.init))
    }
}

impl<T: Real> FromStr for Policy<T> {
    type Err = InitError;

    /// Reads `weights; bias=…; pattern=…`, where only the first part is needed.
    fn from_str(text: &str) -> Result<Self, InitError> {
        let mut parts = text.split(';').map(str::trim);
        let mut policy = match parts.next() {
            Some("auto") => Self::auto(),
            Some("") | None => return Err(syntax(text, "a policy starts with an initializer")),
            Some(init) => Self::weights(init.parse()?),
        };
        for part in parts {
            let rule = part.split_once('=').map(|(pattern, init)| (pattern.trim(), init.trim()));
            policy = match rule {
                Some(("bias", init)) => policy.with_biases(init.parse()?),
                Some((pattern, init)) => policy.with_rule(pattern, init.parse()?),
                None => return Err(syntax(text, &format!("`{part}` has no `=`"))),
            };
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fans;

    fn weight(feeds: Activation) -> Role {
        Role::Weight { fans: Fans::new(3, 4).unwrap(), feeds }
    }

    fn bias() -> Role {
        Role::Bias { fans: Fans::new(3, 4).unwrap() }
    }

    #[test]
    fn auto_looks_at_the_activation() {
        let auto = Policy::<f32>::auto();
        for (feeds, expected) in [
            (Activation::Relu, "he_normal"),
            (Activation::LeakyRelu { slope: 0.1 }, "he_normal(0.1)"),
            (Activation::Selu, "lecun_normal"),
            (Activation::Tanh, "glorot_normal"),
            (Activation::Identity, "glorot_normal"),
        ] {
            assert_eq!(auto.initializer("w", &weight(feeds)).to_string(), expected);
        }
        assert_eq!(auto.initializer("b", &bias()).to_string(), "zeros");
        assert_eq!(auto.initializer("s", &Role::Scale).to_string(), "ones");
    }

    #[test]
    fn the_last_matching_rule_counts() {
        let policy: Policy = "he_normal; *=ones; out/*=zeros".parse().unwrap();
        let of = |name| policy.initializer(name, &weight(Activation::Relu)).to_string();
        assert_eq!((of("in/weight"), of("out/weight")), ("ones".into(), "zeros".into()));
    }

    #[test]
    fn values_depend_on_seed_and_name_alone() {
        let policy: Policy<f64> = "he_normal".parse().unwrap();
        let draw = |name: &str, seed| {
            let mut w = Tensor::zeros([3, 4]);
            policy.fill(name, &weight(Activation::Relu), &mut w, seed).unwrap();
            w
        };
        assert_eq!(draw("a", 1), draw("a", 1));
        assert_ne!(draw("a", 1), draw("b", 1));
        assert_ne!(draw("a", 1), draw("a", 2));
    }

    #[test]
    fn a_policy_prints_as_it_reads() {
        for text in ["auto", "he_normal", "auto; bias=ones", "normal(10); a/*=uniform(-1,1)"] {
            assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn mistakes_are_answered() {
        let read = |text: &str| text.parse::<Policy>().unwrap_err().to_string();
        assert_eq!(read(""), "cannot read ``: a policy starts with an initializer");
        assert_eq!(read("zeros; ones"), "cannot read `zeros; ones`: `ones` has no `=`");
        let policy: Policy = "zeros; hiden/*=ones".parse().unwrap();
        let error = policy.check_rules(["hidden/weight", "hidden/bias"].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "policy pattern `hiden/*` matches no parameter; there are hidden/weight, hidden/bias"
        );
        let policy: Policy = "zeros; s=he_normal".parse().unwrap();
        let mut values = Tensor::zeros([3]);
        assert_eq!(
            policy.fill("s", &Role::Scale, &mut values, 0).unwrap_err().to_string(),
            "parameter `s`: he_normal needs fans, which a scale does not have"
        );
    }
}
