//! Progress bars, for a person at a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::Terminal;

/// A bar over work whose size may not be known yet; silent when nobody is watching.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(terminal: &Terminal<'_>) -> Self {
        let bar = ProgressBar::no_length();
        let target = if terminal.interactive() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        bar.set_draw_target(target);
        bar.set_style(style("{spinner} {msg}: {human_pos}"));
        Self(bar)
    }

    /// Shows how far `what` is.
    pub(crate) fn show(&self, what: &str, done: u64, total: Option<u64>) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
        }
        if let Some(total) = total
            && self.0.length() != Some(total)
        {
            self.0.set_length(total);
            self.0.set_style(style("{spinner} {msg}: {human_pos}/{human_len} {wide_bar} {per_sec}, {eta} left"));
        }
        self.0.set_position(done);
    }

    /// Lets `print` write lines of its own, with the bar out of the way.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
