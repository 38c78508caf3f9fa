/** The KAS YAML as plain typed records: defaults, validation, secrets, sources of values (chapter 05 §3 to §6). */
@org.jspecify.annotations.NullMarked
package org.openkas.config;
