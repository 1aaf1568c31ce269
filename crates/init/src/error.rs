//! What can go wrong when initializers are made, parsed or applied.

/// An error of the initialization crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// An argument outside its range.
    #[error("{what}: {argument} must be {allowed}, got {value}")]
    Argument {
        /// The initializer or activation.
        what: String,
        /// The argument's name.
        argument: &'static str,
        /// The value given.
        value: f64,
        /// The range that is allowed.
        allowed: &'static str,
    },
    /// A name that nothing goes by.
    #[error("unknown {kind} `{name}`; the nearest known are {}", .nearest.join(", "))]
    UnknownName {
        /// What was looked for: an initializer, an activation.
        kind: &'static str,
        /// The name given.
        name: String,
        /// The known names nearest to it, nearest first.
        nearest: Vec<&'static str>,
    },
    /// A text that cannot be read.
    #[error("cannot read `{text}`: {reason}")]
    Syntax {
        /// The text given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A fan of zero: no variance can be derived from it.
    #[error("{which} must be at least 1, got 0")]
    ZeroFan {
        /// `fan_in` or `fan_out`.
        which: &'static str,
    },
    /// An initializer that derives its variance from fans met a parameter that has none.
    #[error("parameter `{parameter}`: {initializer} needs fans, which a {role} does not have")]
    NoFans {
        /// The parameter's name.
        parameter: String,
        /// The initializer.
        initializer: String,
        /// The parameter's role.
        role: &'static str,
    },
    /// A rule of a policy that applies to nothing.
    #[error("policy pattern `{pattern}` matches no parameter; there are {}", .known.join(", "))]
    UnmatchedPattern {
        /// The pattern.
        pattern: String,
        /// The names of all parameters.
        known: Vec<String>,
    },
}
