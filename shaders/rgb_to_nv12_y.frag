#version 300 es
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Luma, BT.709 limited range (ITU-R BT.709-6 item 3). */
precision highp float;

uniform highp sampler2D picture;
uniform ivec2 origin; /* texel of the output's top left pixel */
uniform ivec2 last;   /* and of the bottom right one, which goes on where a side is odd */
out float luma;

void main()
{
    vec3 rgb = texelFetch(picture, min(origin + ivec2(gl_FragCoord.xy), last), 0).rgb;

    luma = (16.0 + 219.0 * dot(rgb, vec3(0.2126, 0.7152, 0.0722))) / 255.0;
}
