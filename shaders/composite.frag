#version 300 es
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One layer, alpha premultiplied; to be blended with ONE, ONE_MINUS_SRC_ALPHA. */
precision highp float;

uniform highp sampler2D picture;
uniform bool opaque;
in vec2 coord;
out vec4 colour;

void main()
{
    vec4 texel = texture(picture, coord);

    colour = vec4(texel.rgb, opaque ? 1.0 : texel.a);
}
