/** HTTP/2 inside WebSocket messages: upgrade rules, close codes, frames (chapter 01 §2.3 to §2.5). */
@org.jspecify.annotations.NullMarked
package org.openkas.websocket;
