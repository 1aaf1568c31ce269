//! Reading `name(argument, …)` texts and checking arguments.

use std::fmt;

use crate::InitError;

/// Passes `value` if `holds`, or says what is allowed.
pub(crate) fn check(
    what: &str,
    argument: &'static str,
    value: f64,
    holds: bool,
    allowed: &'static str,
) -> Result<f64, InitError> {
    if holds {
        return Ok(value);
    }
    Err(InitError::Argument { what: what.into(), argument, value, allowed })
}

/// Passes a finite value.
pub(crate) fn finite(what: &str, argument: &'static str, value: f64) -> Result<f64, InitError> {
    check(what, argument, value, value.is_finite(), "finite")
}

/// Passes a finite value that is not negative.
pub(crate) fn non_negative(
    what: &str,
    argument: &'static str,
    value: f64,
) -> Result<f64, InitError> {
    check(what, argument, value, value.is_finite() && value >= 0.0, "finite and at least 0")
}

/// Writes `name(std)`, or `name(mean,std)` where the mean is not zero.
pub(crate) fn write_moments(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    mean: f64,
    std: f64,
) -> fmt::Result {
    match mean {
        0.0 => write!(f, "{name}({std})"),
        _ => write!(f, "{name}({mean},{std})"),
    }
}

/// A text of the form `name` or `name(argument, …)`, taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<&'a str>,
}

impl<'a> Call<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, InitError> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Ok(Self { text, name: text, arguments: Vec::new() });
        };
        let inside = rest.strip_suffix(')').ok_or_else(|| syntax(text, "`)` is missing"))?;
        let arguments = inside.split(',').map(str::trim).collect();
        Ok(Self { text, name: name.trim(), arguments })
    }

    /// The arguments as numbers.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, InitError> {
        self.arguments.iter().map(|argument| self.number(argument)).collect()
    }

    pub(crate) fn number(&self, argument: &str) -> Result<f64, InitError> {
        argument.parse().map_err(|_| syntax(self.text, &format!("`{argument}` is not a number")))
    }

    /// The complaint about a wrong number of arguments.
    pub(crate) fn wants(&self, usage: &str) -> InitError {
        syntax(self.text, &format!("write it as {usage}"))
    }
}

pub(crate) fn syntax(text: &str, reason: &str) -> InitError {
    InitError::Syntax { text: text.into(), reason: reason.into() }
}
