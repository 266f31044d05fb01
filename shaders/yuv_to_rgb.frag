#version 300 es
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Y'CbCr 4:2:0 by BT.709 (ITU-R BT.709-6 items 3 and 4) to R'G'B'. */
precision highp float;

uniform highp sampler2D luma;
uniform highp sampler2D chroma;   /* Cb, Cr; or Cb alone */
uniform highp sampler2D chroma_r; /* Cr, when planar */
uniform bool planar;
uniform bool full_range;
uniform vec2 shown;  /* the picture's size; textures may hold more */
uniform float siting; /* of chroma samples, in them, from the middle of their pixels to the left */
in vec2 coord;        /* in pixels of the picture */
out vec4 colour;

void main()
{
    vec2 at = clamp(coord, vec2(0.5), shown - 0.5);
    vec2 half_at = clamp(at / 2.0 + vec2(siting, 0.0), vec2(0.5), ceil(shown / 2.0) - 0.5);
    float y = texture(luma, at / vec2(textureSize(luma, 0))).r;
    vec4 cb = texture(chroma, half_at / vec2(textureSize(chroma, 0)));
    vec4 cr = texture(chroma_r, half_at / vec2(textureSize(chroma_r, 0)));
    vec2 c = vec2(cb.r, planar ? cr.r : cb.g) * 255.0 - 128.0;

    if (full_range) {
        c /= 255.0;
    } else {
        y = (y * 255.0 - 16.0) / 219.0;
        c /= 224.0;
    }
    colour = vec4(y + 1.5748 * c.y, y - 0.187324 * c.x - 0.468124 * c.y, y + 1.8556 * c.x, 1.0);
}
