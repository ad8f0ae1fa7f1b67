//! Pictures: PNG, JPEG, GIF, WebP, BMP. The first frame of those that move; large ones are shown
//! smaller, and what would take too much memory is told and not decoded.

use std::io::Cursor;

use ::image::imageops::FilterType;
use ::image::{DynamicImage, ImageFormat, ImageReader, Limits};

use super::{Body, Context, Decoder, Fit, Image, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "image", label: "Image", fit, read };

/// Pixels of a picture that is decoded, at most.
const PIXELS: u64 = 40_000_000;
/// Memory a decoder may take, in bytes.
const MEMORY: u64 = 512 << 20;
/// Pixels of a side that are shown, at most; more than any window has.
const SIDE: u32 = 2048;

const FORMATS: [(ImageFormat, &str); 5] = [
    (ImageFormat::Png, "PNG"),
    (ImageFormat::Jpeg, "JPEG"),
    (ImageFormat::Gif, "GIF"),
    (ImageFormat::WebP, "WebP"),
    (ImageFormat::Bmp, "BMP"),
];

/// The format whose mark the payload begins with.
fn format(payload: &[u8]) -> Option<(ImageFormat, &'static str)> {
    let found = ::image::guess_format(payload).ok()?;
    FORMATS.into_iter().find(|(format, _)| *format == found)
}

fn fit(context: &Context<'_>) -> Fit {
    if context.text.is_some() {
        return Fit::No;
    }
    match format(context.payload) {
        // Two letters are no mark.
        Some((ImageFormat::Bmp, _)) => Fit::May("it begins as BMP does"),
        Some((_, "PNG")) => Fit::Looks("it begins as PNG does"),
        Some((_, "JPEG")) => Fit::Looks("it begins as JPEG does"),
        Some((_, "GIF")) => Fit::Looks("it begins as GIF does"),
        Some(_) => Fit::Looks("it begins as WebP does"),
        None => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let wrong = |error: ::image::ImageError| Unreadable::new(error.to_string());
    let (format, name) = format(context.payload)
        .ok_or_else(|| Unreadable::new("it begins as no picture that is known"))?;
    let reader = || ImageReader::with_format(Cursor::new(&context.payload[..]), format);
    let (width, height) = reader().into_dimensions().map_err(wrong)?;
    if u64::from(width) * u64::from(height) > PIXELS {
        let what = format!("it has {width} × {height} pixels, more than 40 million");
        return Err(Unreadable::new(what));
    }
    let mut reader = reader();
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(wrong)?;
    let picture = if width.max(height) > SIDE {
        picture.resize(SIDE, SIDE, FilterType::Triangle)
    } else {
        picture
    };
    let (shown, has_alpha) = ([picture.width(), picture.height()], picture.color().has_alpha());
    let rgba = DynamicImage::into_rgba8(picture).into_raw().into();
    let image = Image { width, height, shown, rgba };
    let alpha = if has_alpha { ", with transparency" } else { "" };
    let summary = format!("{name}, {width} × {height} pixels{alpha}");
    Ok(Read::from(Body::Image(image)).summary(summary))
}
