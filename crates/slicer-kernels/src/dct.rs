//! The two passes of a tile's DCT, and sums of scaled lines (spec § 15, § 16): every product and every sum rounded.

/// out += factor · line.
#[inline(always)]
fn add_scaled(out: &mut [f32], factor: f32, line: &[f32]) {
    for (o, &x) in out.iter_mut().zip(line) {
        *o += factor * x;
    }
}

/// A tile of h × w values inside a plane whose lines are `stride` apart; the plane's slice begins at the tile.
#[derive(Clone, Copy)]
pub struct Tile {
    /// Lines.
    pub h: usize,
    /// Values of a line.
    pub w: usize,
    /// Distance of lines.
    pub stride: usize,
}

/// Bases of a tile, row k = frequency, and its weights, empty without.
#[derive(Clone, Copy)]
pub struct Bases<'a> {
    /// Of the height, h × h.
    pub down: &'a [f32],
    /// Of the width, w × w.
    pub across: &'a [f32],
    /// r(u, v), h × w.
    pub weights: &'a [f32],
}

/// From coefficients to values; `lines` holds h × w.
#[inline(never)]
pub fn inverse(plane: &mut [f32], tile: Tile, bases: Bases<'_>, lines: &mut [f32]) {
    let Tile { h, w, stride } = tile;
    // Every output of a line collects its frequencies in ascending order.
    for (u, out) in lines.chunks_exact_mut(w).enumerate() {
        let line = &mut plane[u * stride..][..w];
        if !bases.weights.is_empty() {
            line.iter_mut().zip(&bases.weights[u * w..]).for_each(|(z, r)| *z *= r);
        }
        out.fill(0.0);
        for (&z, basis) in line.iter().zip(bases.across.chunks_exact(w)) {
            add_scaled(out, z, basis);
        }
    }
    for m in 0..h {
        let out = &mut plane[m * stride..][..w];
        out.fill(0.0);
        for (u, line) in lines.chunks_exact(w).enumerate() {
            add_scaled(out, bases.down[u * h + m], line);
        }
    }
}

/// From values to coefficients, divided by the weights.
#[inline(never)]
pub fn forward(plane: &mut [f32], tile: Tile, bases: Bases<'_>, lines: &mut [f32]) {
    let Tile { h, w, stride } = tile;
    for (out, basis) in lines.chunks_exact_mut(w).zip(bases.down.chunks_exact(h)) {
        out.fill(0.0);
        for (m, &b) in basis.iter().enumerate() {
            add_scaled(out, b, &plane[m * stride..][..w]);
        }
    }
    for (u, line) in lines.chunks_exact(w).enumerate() {
        let out = &mut plane[u * stride..][..w];
        for (v, o) in out.iter_mut().enumerate() {
            *o = line
                .iter()
                .zip(&bases.across[v * w..])
                .fold(0.0, |sum, (x, b)| sum + x * b);
            if !bases.weights.is_empty() {
                *o /= bases.weights[u * w + v];
            }
        }
    }
}

/// `y[c] = Σ A[c][k] · z[k]` for every position; `matrix` holds A column by column, ascending k.
#[inline(never)]
pub fn mix(matrix: &[f32], channels: usize, plane: usize, coefficients: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    if plane == 1 {
        for (column, &z) in matrix.chunks_exact(channels).zip(coefficients) {
            add_scaled(out, z, column);
        }
        return;
    }
    for (column, z) in matrix.chunks_exact(channels).zip(coefficients.chunks_exact(plane)) {
        for (&a, out) in column.iter().zip(out.chunks_exact_mut(plane)) {
            add_scaled(out, a, z);
        }
    }
}

/// `z[k] = Σ F[k][c] · x[c]` for every position; `matrix` holds F row by row, ascending c.
#[inline(never)]
pub fn project(matrix: &[f32], channels: usize, plane: usize, values: &[f32], out: &mut [f32]) {
    for (row, z) in matrix.chunks_exact(channels).zip(out.chunks_exact_mut(plane)) {
        z.fill(0.0);
        for (&f, x) in row.iter().zip(values.chunks_exact(plane)) {
            add_scaled(z, f, x);
        }
    }
}
