#version 300 es
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cb and Cr, BT.709 limited range. A sample lies on an even luma column, between two rows (H.264
 * chroma_sample_loc_type 0): 1-2-1 across, the mean of the rows down. */
precision highp float;

uniform highp sampler2D picture;
uniform ivec2 origin; /* texel of the output's top left pixel */
uniform ivec2 last;   /* and of the bottom right one, which goes on where a side is odd */
out vec2 chroma;

vec3 column(int x, int y)
{
    ivec2 at = origin + ivec2(max(x, 0), y);

    return texelFetch(picture, min(at, last), 0).rgb +
           texelFetch(picture, min(at + ivec2(0, 1), last), 0).rgb;
}

void main()
{
    ivec2 at = ivec2(gl_FragCoord.xy) * 2;
    vec3 rgb =
        (column(at.x - 1, at.y) + 2.0 * column(at.x, at.y) + column(at.x + 1, at.y)) / 8.0;
    float y = dot(rgb, vec3(0.2126, 0.7152, 0.0722));

    chroma = (128.0 + 224.0 * vec2((rgb.b - y) / 1.8556, (rgb.r - y) / 1.5748)) / 255.0;
}
