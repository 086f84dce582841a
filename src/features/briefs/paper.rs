//! Sheets of paper (A4, PDF): lines of text that fit a width, and rules to write on.
//!
//! The font is DejaVu Sans Condensed, which comes with the program: Latin, Greek, Cyrillic, Armenian and Georgian, and Arabic as far as a
//! line is all of it. What it lacks (Chinese, Japanese, Korean, Hindi, Thai, many emoji) is shown as an empty box, and told.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, GlyphId, MetadataProvider};

pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;

/// How letters look. Sizes are in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    pub bold: bool,
    /// From 0, black, to 255.
    pub grey: u8,
}

/// What stands on a page; places are in points from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of text, at its baseline.
    Text {
        x: f32,
        y: f32,
        text: String,
        style: Style,
    },
    Rule {
        x: f32,
        y: f32,
        width: f32,
    },
    Frame {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

struct Face {
    bytes: &'static [u8],
    font: FontRef<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Option<Self> {
        let font = FontRef::new(bytes).ok()?;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units = f32::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        Some(Self {
            bytes,
            font,
            metrics,
            units,
        })
    }
}

/// The letters that are there.
pub struct Fonts {
    regular: Face,
    bold: Face,
}

impl Fonts {
    /// `None` when the program's own fonts cannot be read.
    pub fn new() -> Option<Self> {
        Some(Self {
            regular: Face::new(dejavu::sans_condensed::regular())?,
            bold: Face::new(dejavu::sans_condensed::bold())?,
        })
    }

    fn face(&self, style: Style) -> &Face {
        if style.bold { &self.bold } else { &self.regular }
    }

    fn letter(&self, letter: char, style: Style) -> f32 {
        let face = self.face(style);
        let glyph = face.font.charmap().map(letter).unwrap_or(GlyphId::NOTDEF);
        face.metrics.advance_width(glyph).unwrap_or_default() * style.size / face.units
    }

    fn width(&self, text: &str, style: Style) -> f32 {
        text.chars().map(|letter| self.letter(letter, style)).sum()
    }

    /// Whether there is a letter in it that can only be shown as an empty box.
    pub fn lacks(&self, text: &str) -> bool {
        let known = |letter| self.regular.font.charmap().map(letter).is_some();
        printable(text).chars().any(|letter| letter != '\n' && !known(letter))
    }

    /// The text in lines of this width: broken between words, and within those that are longer than a line. At most so many.
    pub fn lines(&self, text: &str, style: Style, width: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for paragraph in printable(text).lines() {
            let (mut line, mut used) = (String::new(), 0.0);
            for word in paragraph.split_inclusive(' ') {
                let long = self.width(word.trim_end(), style);
                if used + long > width && !line.trim().is_empty() {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                    used = 0.0;
                }
                if long <= width {
                    line.push_str(word);
                    used += self.width(word, style);
                    continue;
                }
                for letter in word.chars() {
                    let wide = self.letter(letter, style);
                    if used + wide > width && !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(letter);
                    used += wide;
                }
            }
            lines.push(line.trim_end().to_owned());
            if lines.len() > most {
                break;
            }
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push('…');
            }
        }
        lines
    }
}

/// Without what has no place of its own on paper: controls, marks of direction and of variants.
fn printable(text: &str) -> String {
    let shown = |letter: &char| {
        *letter == '\n'
            || !(letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'))
    };
    text.replace('\t', "    ").chars().filter(shown).collect()
}

/// The pages as a PDF.
///
/// # Errors
/// When it cannot be written, which is our own fault.
pub fn pdf(fonts: &Fonts, title: &str, pages: &[Vec<Mark>]) -> Result<Vec<u8>, String> {
    let font = |face: &Face| Font::new(face.bytes.into(), 0).ok_or("a font cannot be read");
    let (regular, bold) = (font(&fonts.regular)?, font(&fonts.bold)?);
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(printable(title))
            .language("en".to_owned())
            .creator("Touchbase".to_owned()),
    );
    for marks in pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("a page has no size")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            match mark {
                Mark::Text { x, y, text, style } => {
                    let font = if style.bold { &bold } else { &regular };
                    surface.set_stroke(None);
                    surface.set_fill(Some(Fill {
                        paint: luma::Color::new(style.grey).into(),
                        opacity: NormalizedF32::ONE,
                        rule: FillRule::default(),
                    }));
                    let place = Point::from_xy(*x, *y);
                    surface.draw_text(place, font.clone(), style.size, text, false, TextDirection::Auto);
                }
                Mark::Rule { x, y, width } => {
                    drawn(&mut surface, line(&[(*x, *y), (x + width, *y)]));
                }
                Mark::Frame { x, y, width, height } => {
                    let (right, bottom) = (x + width, y + height);
                    let corners = [(*x, *y), (right, *y), (right, bottom), (*x, bottom), (*x, *y)];
                    drawn(&mut surface, line(&corners));
                }
            }
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

fn line(corners: &[(f32, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (at, (x, y)) in corners.iter().enumerate() {
        if at == 0 {
            path.move_to(*x, *y);
        } else {
            path.line_to(*x, *y);
        }
    }
    path.finish()
}

fn drawn(surface: &mut Surface<'_>, path: Option<Path>) {
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: luma::Color::new(150).into(),
        width: 0.5,
        ..Stroke::default()
    }));
    if let Some(path) = path {
        surface.draw_path(&path);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style {
        size: 9.0,
        bold: false,
        grey: 0,
    };

    #[test]
    fn what_the_font_lacks_is_known() {
        let fonts = Fonts::new().unwrap();
        for (text, lacks) in [
            ("Blondel père et fils, Łódź, Ångström, ß", false),
            ("Ελληνικά · Ёлка и Щука · Հայերեն · ქართული", false),
            ("e\u{301}\u{200b}\n\t“quoted” – dash… €", false),
            ("東京", true),
            ("हिन्दी", true),
            ("ไทย", true),
        ] {
            assert_eq!(fonts.lacks(text), lacks, "{text}");
        }
    }

    #[test]
    fn lines_break_between_words_and_end() {
        let fonts = Fonts::new().unwrap();
        let lines = fonts.lines("one two three four\n\nfive", STYLE, 60.0, 9);
        assert_eq!(lines, ["one two three", "four", "", "five"]);
        assert_eq!(
            fonts.lines("one two three four five six", STYLE, 60.0, 1),
            ["one two three…"]
        );
        let long = fonts.lines(&"x".repeat(100), STYLE, 60.0, 99);
        assert!(long.len() > 5 && long.iter().all(|line| fonts.width(line, STYLE) <= 60.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whatever_is_written_there_is_a_page(text in "\\PC{0,80}|[\\u{0}-\\u{10ffff}]{0,80}", bold: bool) {
            let fonts = Fonts::new().unwrap();
            let style = Style { bold, ..STYLE };
            let lines = fonts.lines(&text, style, 200.0, 40);
            let marks = lines.into_iter().map(|text| Mark::Text { x: 30.0, y: 40.0, text, style }).collect();
            let pdf = pdf(&fonts, &text, &[marks]).unwrap();
            prop_assert!(pdf.starts_with(b"%PDF-"));
        }
    }
}
