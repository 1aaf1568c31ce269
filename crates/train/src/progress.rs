//! Shows how training goes: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use evenkeel_nn::Model;
use evenkeel_tensor::Real;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{Epoch, Flow, Observer};

/// Writes progress to standard error: one bar where that is a terminal, else a line for each
/// epoch.
#[derive(Debug, Default)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Not shown until training begins.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Real> Observer<T> for Progress {
    fn begin(&mut self, epochs: usize) {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(epochs as u64);
            // The template is a constant that is known to parse; plain style otherwise.
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
    }

    fn epoch(&mut self, epoch: &Epoch, _: &Model<T>) -> Flow {
        match &self.bar {
            Some(bar) => {
                bar.set_position(epoch.epoch as u64);
                bar.set_message(epoch.to_string());
            }
            None => eprintln!("{epoch}"),
        }
        Flow::Continue
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }
}
