//! The call sheet as PDF: a page for each call, and another where it does not hold all of it.

use super::call_sheet::{Call, Part, Sheet};
use super::paper::{self, Fonts, HEIGHT, Mark, Style, WIDTH};

const MARGIN: f32 = 38.0;
const FULL: f32 = WIDTH - 2.0 * MARGIN;
const GAP: f32 = 18.0;
const COLUMN: f32 = (FULL - GAP) / 2.0;
/// Below this nothing stands but the foot.
const BOTTOM: f32 = HEIGHT - 44.0;
/// Between lines, as a part of the letters' size.
const LEADING: f32 = 1.26;
/// Between lines to write on: wide enough for a pen.
const PEN: f32 = 21.0;
/// So many there are at least.
const PENS: u16 = 6;
/// Lines of talking points; more would be pages that nobody reads while calling.
const TALK: usize = 400;
/// Space within the frame around them.
const PAD: f32 = 6.0;

const NAME: Style = style(16.0, true, 0);
const STRONG: Style = style(9.5, true, 0);
const HEADING: Style = style(9.0, true, 0);
const PLAIN: Style = style(8.4, false, 0);
const MUTED: Style = style(7.8, false, 90);

const LACKS: &str = "□ stands for letters that this PDF has no font for; the HTML sheet shows them.";

const fn style(size: f32, bold: bool, grey: u8) -> Style {
    Style { size, bold, grey }
}

/// A day's calls as a PDF.
///
/// # Errors
/// When it cannot be written, which is our own fault.
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, String> {
    let fonts = Fonts::new().ok_or("the program's fonts cannot be read")?;
    let title = format!("Calls of {}", sheet.date);
    let mut pages = Vec::new();
    if sheet.calls.is_empty() {
        let mut writer = Writer::new(&fonts);
        writer.text(&format!("No calls on {}", sheet.date), NAME, 2);
        writer.text("Nothing is scheduled for this day or due on it.", PLAIN, 2);
        pages.append(&mut writer.pages);
    }
    for (at, call) in sheet.calls.iter().enumerate() {
        let mut writer = Writer::new(&fonts);
        let place = format!("{} · call {} of {} · {}", sheet.date, at + 1, sheet.total, call.program);
        writer.text(&place, MUTED, 1);
        if at == 0 && !sheet.left_out.is_empty() {
            writer.text(&sheet.left_out, MUTED, 2);
        }
        writer.call(call);
        pages.append(&mut writer.pages);
    }
    paper::pdf(&fonts, &title, &pages)
}

/// Writes the pages of one call, from the top.
struct Writer<'f> {
    fonts: &'f Fonts,
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl<'f> Writer<'f> {
    fn new(fonts: &'f Fonts) -> Self {
        Self {
            fonts,
            pages: vec![Vec::new()],
            y: MARGIN,
        }
    }

    fn call(&mut self, call: &Call) {
        self.y += 3.0;
        self.text(&call.customer, NAME, 3);
        self.text(&call.when, STRONG, 2);
        self.text(&call.clock, MUTED, 1);
        self.y += 4.0;
        self.parts(&call.parts);
        self.talking_points(&call.talking_points);
        if !call.missing.is_empty() {
            self.y += 4.0;
            self.text(&format!("Not known: {}", call.missing), MUTED, 4);
        }
        self.lines_to_write_on();
        self.feet(call);
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Begins the next page.
    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    /// A line at a place; the next one is below it.
    fn line(&mut self, x: f32, y: f32, text: &str, style: Style) -> f32 {
        let next = y + style.size * LEADING;
        self.mark(Mark::Text {
            x,
            // The baseline, where letters stand.
            y: y + style.size,
            text: text.to_owned(),
            style,
        });
        next
    }

    /// A paragraph over the whole width.
    fn text(&mut self, text: &str, style: Style, most: usize) {
        for line in self.fonts.lines(text, style, FULL, most) {
            if self.y + style.size * LEADING > BOTTOM {
                self.turn();
            }
            self.y = self.line(MARGIN, self.y, &line, style);
        }
    }

    fn heading(&mut self, x: f32, y: f32, width: f32, title: &str) -> f32 {
        let below = self.line(x, y, title, HEADING);
        self.mark(Mark::Rule { x, y: below, width });
        below + 3.0
    }

    /// Parts stand in two columns, each where there is more room.
    fn parts(&mut self, parts: &[Part]) {
        let mut tops = [self.y; 2];
        for part in parts {
            let lines = part
                .lines
                .iter()
                .map(|line| self.fonts.lines(line, PLAIN, COLUMN - 8.0, 6));
            let lines: Vec<Vec<String>> = lines.collect();
            let [left, right] = tops;
            let (mut column, mut top) = if left <= right { (0, left) } else { (1, right) };
            if top + height(&lines) > BOTTOM {
                self.turn();
                (tops, column, top) = ([self.y; 2], 0, self.y);
            }
            let x = MARGIN + if column == 0 { 0.0 } else { COLUMN + GAP };
            let mut y = self.heading(x, top + 4.0, COLUMN, part.title);
            for item in lines {
                for (at, line) in item.iter().enumerate() {
                    if at == 0 {
                        self.line(x, y, "•", PLAIN);
                    }
                    y = self.line(x + 8.0, y, line, PLAIN);
                }
            }
            if let Some(top) = tops.get_mut(column) {
                *top = y + 2.0;
            }
        }
        self.y = tops.into_iter().fold(self.y, f32::max);
    }

    /// Talking points stand in a frame, in two columns, and go on on the next page.
    fn talking_points(&mut self, text: &str) {
        let lines = self.fonts.lines(text.trim(), PLAIN, COLUMN - PAD, TALK);
        if text.trim().is_empty() {
            return;
        }
        let step = PLAIN.size * LEADING;
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let room = BOTTOM - self.y - 24.0 - 2.0 * PAD;
            let fits = (1_u16..).take_while(|count| step * f32::from(*count) <= room).count();
            if fits < 3 && self.y > MARGIN {
                self.turn();
                continue;
            }
            let long = rest.len().div_ceil(2).min(fits.max(1));
            let top = self.heading(MARGIN, self.y + 6.0, FULL, "To talk about") + 2.0;
            let (mut left, mut right) = (top + PAD / 2.0, top + PAD / 2.0);
            for line in rest.iter().take(long) {
                left = self.line(MARGIN + PAD, left, line, PLAIN);
            }
            for line in rest.iter().skip(long).take(long) {
                right = self.line(MARGIN + PAD + COLUMN + GAP / 2.0, right, line, PLAIN);
            }
            let bottom = left.max(right) + PAD / 2.0;
            self.mark(Mark::Frame {
                x: MARGIN,
                y: top,
                width: FULL,
                height: bottom - top,
            });
            self.y = bottom;
            rest = rest.get(long * 2..).unwrap_or_default();
        }
    }

    /// What is left of the page is to write on.
    fn lines_to_write_on(&mut self) {
        let needed = 24.0 + PEN * f32::from(PENS);
        if self.y + needed > BOTTOM {
            self.turn();
        }
        let mut y = self.heading(MARGIN, self.y + 8.0, FULL, "Spoken with, said, promised") + PEN;
        while y <= BOTTOM {
            self.mark(Mark::Rule {
                x: MARGIN,
                y,
                width: FULL,
            });
            y += PEN;
        }
    }

    /// At the foot of each page: of whom it is, where there are several, and what could not be shown.
    fn feet(&mut self, call: &Call) {
        let parts = call.parts.iter().flat_map(|part| part.lines.iter());
        let others = [&call.customer, &call.program, &call.talking_points, &call.missing];
        let lacks = parts.chain(others).any(|text| self.fonts.lacks(text));
        let pages = self.pages.len();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let place = format!("{} · page {} of {pages}", call.customer, at + 1);
            let texts = [(pages > 1).then_some(place), lacks.then(|| LACKS.to_owned())];
            let text = texts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            let mut y = BOTTOM + 14.0;
            for text in self.fonts.lines(&text, MUTED, FULL, 2) {
                let (x, style) = (MARGIN, MUTED);
                page.push(Mark::Text { x, y, text, style });
                y += MUTED.size * LEADING;
            }
        }
    }
}

/// How high a part is.
fn height(lines: &[Vec<String>]) -> f32 {
    let count: usize = lines.iter().map(Vec::len).sum();
    4.0 + HEADING.size * LEADING
        + 3.0
        + PLAIN.size * LEADING * f32::from(u16::try_from(count).unwrap_or(u16::MAX))
        + 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(customer: &str, lines: usize, talk: usize) -> Call {
        let part = |title| Part {
            title,
            lines: (0..lines)
                .map(|line| format!("{customer} · line {line} {}", "word ".repeat(20)))
                .collect(),
        };
        Call {
            customer: customer.into(),
            program: "One a day".into(),
            when: "Tuesday, 3 March 2026, 16:30".into(),
            clock: "They are called Mon Tue, 09:00 to 17:00 (Europe/Berlin)".into(),
            parts: ["Customer", "Contacts", "News", "Past calls", "Noted"].map(part).into(),
            talking_points: "Thank them for staying with us.\n".repeat(talk),
            missing: "No NPS answer yet.".into(),
        }
    }

    fn pages(call: &Call) -> usize {
        let fonts = Fonts::new().unwrap();
        let mut writer = Writer::new(&fonts);
        writer.call(call);
        for page in &writer.pages {
            for mark in page {
                let (Mark::Text { y, .. } | Mark::Rule { y, .. } | Mark::Frame { y, .. }) = mark;
                assert!((0.0..HEIGHT - 12.0).contains(y), "{mark:?}");
            }
        }
        writer.pages.len()
    }

    #[test]
    fn a_call_is_a_page_and_more_where_there_is_more_to_say() {
        assert_eq!(pages(&call("Blondel", 2, 40)), 1);
        assert_eq!(pages(&call("Blondel", 0, 0)), 1);
        assert_eq!(pages(&call("Blondel", 3, 90)), 2);
        assert!(pages(&call(&"x".repeat(300), 3, 99_999)) <= 8);
    }

    #[test]
    fn the_same_day_is_the_same_file() {
        let sheet = || Sheet {
            date: "Tuesday, 3 March 2026".into(),
            total: 2,
            calls: vec![call("Ångström & Щука", 3, 30), call("東京", 1, 0)],
            left_out: String::new(),
        };
        let file = pdf(&sheet()).unwrap();
        assert_eq!(file, pdf(&sheet()).unwrap());
        assert!(file.len() < 200_000, "{}", file.len());
        let none = Sheet {
            total: 0,
            calls: Vec::new(),
            ..sheet()
        };
        assert!(pdf(&none).is_ok());
    }
}
