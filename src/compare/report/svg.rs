//! Plots as SVG: axes that fit their data, ticks, lines of bounded length. Everything drawn here
//! comes as numbers; words are escaped by whoever hands them over.

use std::fmt::Write as _;

/// Width of a plot in its own units; a phone shows it a little smaller, a desk a little larger.
pub(super) const WIDTH: f64 = 440.0;
/// Height likewise.
pub(super) const HEIGHT: f64 = 240.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;
/// Points of a line, at most.
const POINTS: usize = 400;
/// What a logarithmic axis shows at least, so that nothing is infinitely small.
const LEAST: f64 = 0.01;
/// What any axis shows at most.
const MOST: f64 = 1e15;

/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    is_log: bool,
}

impl Axis {
    /// From 0 to a round number that is not below `most`.
    pub(super) fn linear(most: f64) -> Self {
        Self { from: 0.0, to: most.clamp(f64::MIN_POSITIVE, MOST), is_log: false }
    }

    /// Half decades around these values; 1 to 10 where there are none.
    pub(super) fn log(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            least = least.min(value.clamp(LEAST, MOST));
            most = most.max(value.clamp(LEAST, MOST));
        }
        if least > most {
            (least, most) = (1.0, 10.0);
        }
        let from = (least.log10() * 2.0).floor() / 2.0;
        let to = ((most.log10() * 2.0).ceil() / 2.0).max(from + 1.0);
        Self { from, to, is_log: true }
    }

    /// Where a value lies, 0 to 1; what lies outside is at the edge.
    fn at(self, value: f64) -> f64 {
        let value = if value.is_finite() { value } else { 0.0 };
        let value = if self.is_log { value.max(LEAST).log10() } else { value };
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// About five round values.
    pub(super) fn ticks(self) -> Vec<f64> {
        if self.is_log {
            let (first, last) = (self.from.ceil() as i32, self.to.floor() as i32);
            let step = ((last - first) / 6 + 1).max(1) as usize;
            let all = (first..=last).step_by(step);
            return all.map(|decade| 10_f64.powi(decade)).collect();
        }
        let rough = (self.to - self.from) / 4.0;
        let decade = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
        let step = steps.map(|step| step * decade).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let count = (self.to / step).floor().min(10.0) as i32;
        (0..=count).map(|k| f64::from(k) * step).collect()
    }
}

/// A line of a plot, in pieces.
#[derive(Debug)]
pub(super) struct Line {
    /// Its classes, which give it colour and dashes.
    pub(super) class: String,
    /// What it is, for whoever points at it.
    pub(super) title: String,
    /// Values; a piece ends where there is nothing.
    pub(super) pieces: Vec<Vec<(f64, f64)>>,
    /// How far it is drawn above its place, so that lines that say the same can be told apart.
    pub(super) lift: f64,
}

/// A span of the horizontal axis that is set off.
#[derive(Debug)]
pub(super) struct Shade {
    /// Its class.
    pub(super) class: String,
    /// Why it is.
    pub(super) title: String,
    /// From where to where.
    pub(super) span: (f64, f64),
}

/// Writes a value at a tick.
pub(super) type Label = fn(f64) -> String;

/// A plot.
#[derive(Debug)]
pub(super) struct Plot {
    /// Unique in the page.
    pub(super) id: &'static str,
    /// What it is.
    pub(super) title: String,
    /// What it shows, in words, for those who do not see it.
    pub(super) desc: String,
    /// To the right.
    pub(super) x: Axis,
    /// Upwards.
    pub(super) y: Axis,
    /// How a tick of each axis is written.
    pub(super) labels: (Label, Label),
    /// Behind the lines.
    pub(super) shades: Vec<Shade>,
    /// The first is painted first.
    pub(super) lines: Vec<Line>,
}

impl Plot {
    /// It as an `svg` element. `escape` makes words fit for it.
    pub(super) fn svg(&self, escape: impl Fn(&str) -> String) -> String {
        let (id, title, desc) = (self.id, escape(&self.title), escape(&self.desc));
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{desc}</desc>"
        );
        for shade in &self.shades {
            let (from, to) = (self.x(shade.span.0), self.x(shade.span.1));
            let (width, height) = ((to - from).max(1.0), HEIGHT - TOP - BOTTOM);
            let (class, title) = (&shade.class, escape(&shade.title));
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"><title>{title}</title></rect>"
            );
        }
        self.axes(&mut svg);
        for line in &self.lines {
            let (class, title) = (&line.class, escape(&line.title));
            let path = self.path(&line.pieces, line.lift);
            if !path.is_empty() {
                let _ = write!(
                    svg,
                    "<path class=\"{class}\" d=\"{path}\"><title>{title}</title></path>"
                );
            }
        }
        svg.push_str("</svg>");
        svg
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.at(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.at(value) * (HEIGHT - TOP - BOTTOM)
    }

    fn axes(&self, svg: &mut String) {
        let (right, below) = (WIDTH - RIGHT, HEIGHT - BOTTOM + 17.0);
        for tick in self.y.ticks() {
            let (y, label) = (self.y(tick), (self.labels.1)(tick));
            let (left, base) = (LEFT - 8.0, y + 4.0);
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/><text x=\"{left}\" y=\"{base:.1}\" text-anchor=\"end\">{label}</text>"
            );
        }
        let ticks = self.x.ticks();
        for (at, tick) in ticks.iter().enumerate() {
            let (x, label) = (self.x(*tick), (self.labels.0)(*tick));
            // The outermost stay within the picture.
            let is_last = at + 1 == ticks.len() && x > right - 24.0;
            let anchor = if is_last { "end" } else { "middle" };
            let _ = write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"{anchor}\">{label}</text>"
            );
        }
    }

    fn path(&self, pieces: &[Vec<(f64, f64)>], lift: f64) -> String {
        let y = |value| self.y(value) - lift;
        let all: usize = pieces.iter().map(Vec::len).sum();
        let step = all.div_ceil(POINTS).max(1);
        let mut path = String::new();
        for piece in pieces {
            for (at, (x, value)) in piece.iter().enumerate() {
                if at % step != 0 && at + 1 != piece.len() {
                    continue;
                }
                let command = if at == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{command}{:.1} {:.1}", self.x(*x), y(*value));
            }
            // A point alone would not be seen.
            if let [(x, value)] = piece[..] {
                let _ = write!(path, "L{:.1} {:.1}", self.x(x) + 1.0, y(value));
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_what_they_are_given() {
        let axis = Axis::log([0.4, 502.0].into_iter());
        assert_eq!(axis.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!(axis.at(0.3) <= 0.0 && axis.at(1000.0) >= 1.0 && axis.at(10.0) < 0.5);
        assert_eq!(Axis::linear(40.0).ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Axis::linear(1.0).ticks(), [0.0, 0.25, 0.5, 0.75, 1.0]);
        for odd in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            for axis in [Axis::log([odd].into_iter()), Axis::linear(odd.max(0.0))] {
                let ticks = axis.ticks();
                assert!(ticks.len() <= 11, "{odd}: {ticks:?}");
                assert!((0.0..=1.0).contains(&axis.at(odd)), "{odd}: {axis:?}");
            }
        }
    }

    #[test]
    fn long_lines_are_thinned_to_their_ends() {
        let plot = Plot {
            id: "p",
            title: "<t>".into(),
            desc: String::new(),
            x: Axis::linear(1e5),
            y: Axis::linear(1e5),
            labels: (|x| format!("{x}"), |y| format!("{y}")),
            shades: Vec::new(),
            lines: Vec::new(),
        };
        let long: Vec<_> = (0..100_000).map(|k| (f64::from(k), f64::from(k))).collect();
        let path = plot.path(&[long], 0.0);
        assert!(path.matches('L').count() <= POINTS + 1 && path.starts_with("M52.0 214.0"));
        assert!(path.ends_with("L430.0 10.0"), "{path}");
        assert_eq!(plot.path(&[vec![(0.0, 0.0)]], 0.0), "M52.0 214.0L53.0 214.0");
        assert!(plot.svg(|text| text.replace('<', "&lt;")).contains("&lt;t>"));
    }
}
