#version 300 es
/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rectangle of the target as a triangle strip of four vertices without buffers. Row 0 of
 * targets and textures is the top of the picture. */
precision highp float;

uniform vec4 area;  /* x, y, width, height in pixels of the target */
uniform vec2 size;  /* of the target */
uniform mat3x2 map; /* target pixels to texture coordinates */
out vec2 coord;

void main()
{
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    vec2 pixel = area.xy + corner * area.zw;

    coord = map * vec3(pixel, 1.0);
    gl_Position = vec4(pixel / size * 2.0 - 1.0, 0.0, 1.0);
}
