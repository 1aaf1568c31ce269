//! The trait of initializers, and a shared handle to any of them that reads and prints as text.

use std::fmt::{self, Debug, Display};
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::{Fans, InitError, Law, names};

/// A rule that gives a parameter its initial values.
///
/// Implement it to bring an initializer of your own; its `Display` is the text that tables and
/// reports name it by, and, for the initializers of this crate, the text that parses to it.
///
/// ```
/// use evenkeel_init::{Fans, InitError, Initializer, Law};
/// use evenkeel_tensor::{Real, Stream, Tensor};
///
/// /// Every weight is +σ or −σ with equal chances, σ² = 1/n_in.
/// #[derive(Debug)]
/// struct Signs;
///
/// impl std::fmt::Display for Signs {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "signs")
///     }
/// }
///
/// impl<T: Real> Initializer<T> for Signs {
///     fn fill(&self, w: &mut Tensor<T>, fans: Fans, stream: &mut Stream) -> Result<(), InitError> {
///         let std = (1.0 / fans.fan_in() as f64).sqrt();
///         stream.fill(w.as_mut_slice(), |s| if s.uniform() < 0.5 { std } else { -std });
///         Ok(())
///     }
///
///     fn describe(&self, fans: Fans) -> Law {
///         let variance = 1.0 / fans.fan_in() as f64;
///         let std = variance.sqrt();
///         Law { formula: "±√(1/n_in)".into(), mean: 0.0, variance, bounds: (-std, std) }
///     }
/// }
/// # let mut w = Tensor::<f32>::zeros([4, 9]);
/// # Signs.fill(&mut w, Fans::new(4, 9)?, &mut Stream::new(1, "w"))?;
/// # assert!(w.as_slice().iter().all(|x| x.abs() == 0.5));
/// # Ok::<(), InitError>(())
/// ```
pub trait Initializer<T: Real = f32>: Debug + Display + Send + Sync {
    /// Writes initial values into `weights`, drawing from `stream`.
    ///
    /// # Errors
    /// An [`InitError`] if this initializer cannot serve such a parameter.
    fn fill(
        &self,
        weights: &mut Tensor<T>,
        fans: Fans,
        stream: &mut Stream,
    ) -> Result<(), InitError>;

    /// The law that the values follow for a parameter with these fans.
    fn describe(&self, fans: Fans) -> Law;

    /// Whether the values depend on the fans, so that a parameter without fans is refused.
    fn needs_fans(&self) -> bool {
        true
    }
}

/// A shared handle to any [`Initializer`], which parses from text such as `he_normal`,
/// `normal(0.01)` or `uniform(-0.1,0.1)` and prints as the same text.
#[derive(Clone)]
pub struct Init<T: Real = f32>(Arc<dyn Initializer<T>>);

impl<T: Real> Init<T> {
    /// Wraps an initializer.
    pub fn new(initializer: impl Initializer<T> + 'static) -> Self {
        Self(Arc::new(initializer))
    }
}

impl<T: Real> Deref for Init<T> {
    type Target = dyn Initializer<T>;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<T: Real> Debug for Init<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl<T: Real> Display for Init<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// Two handles are equal if they print as the same text.
impl<T: Real> PartialEq for Init<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl<T: Real> FromStr for Init<T> {
    type Err = InitError;

    /// Reads an initializer's text.
    ///
    /// # Errors
    /// [`InitError::UnknownName`] with the nearest known names, [`InitError::Syntax`] or
    /// [`InitError::Argument`].
    fn from_str(text: &str) -> Result<Self, InitError> {
        names::parse(text)
    }
}
