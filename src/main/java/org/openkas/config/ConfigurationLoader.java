package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes the configuration from the file, the command of {@code config.command} and the properties, each laid over the one
 * before, and validates the whole once (chapter 05 §3.1). Thread-safe.
 */
public final class ConfigurationLoader {
    private static final String PARSE = "protojson.Unmarshal: ";

    private final ExtraConfiguration extra;

    /** With the usual time limit of 30 seconds for {@code config.command}. */
    public ConfigurationLoader() {
        this(Duration.ofSeconds(30));
    }

    ConfigurationLoader(Duration commandLimit) {
        extra = new ExtraConfiguration(commandLimit);
    }

    /** All keys in the order of the file, for references and overlays. */
    public static List<SettingKey> keys() {
        Reading reading = Reading.description();
        KasConfiguration.read(reader(reading, MissingNode.getInstance()));
        return reading.keys();
    }

    /**
     * Loads the configuration. Without {@code file} the property {@link PropertySource#FILE} names it; without that too, all
     * settings come from properties.
     *
     * @throws ConfigurationException with all that is wrong, as far as the step reached can tell
     */
    public LoadedConfiguration load(Optional<Path> file, PropertySource properties) throws ConfigurationException {
        Optional<String> name = file.map(Path::toString).or(() -> properties.value(PropertySource.FILE));
        ObjectNode tree = name.isPresent() ? tree(text(name.get())) : JsonNodeFactory.instance.objectNode();
        PropertyOverlay overlay = new PropertyOverlay(keys(), properties);
        List<String> command = command(tree, overlay);
        if (!command.isEmpty()) {
            extra.layOver(tree, command);
        }
        return read(reading(tree, overlay), tree);
    }

    private static LoadedConfiguration read(Reading reading, ObjectNode tree) throws ConfigurationException {
        MessageReader root = reader(reading, tree);
        KasConfiguration configuration = KasConfiguration.read(root);
        Optional<String> violations = root.finish();
        fail(PARSE, reading.firstTypeError());
        fail("kascfg.Validate: ", violations);
        fail("kascfg.ValidateExtra: ", configuration.agent().contradiction());
        fail("", reading.firstLaterError());
        List<String> warnings = new ArrayList<>();
        reading.unknownKeys().forEach(path -> warnings.add("unknown key \"" + path + "\" is ignored; check its spelling and place"));
        Stream.concat(Notice.ABSENT.stream(), Notice.NOT_YET.stream()).filter(notice -> notice.applies().test(configuration))
                .forEach(notice -> warnings.add(notice.text()));
        return new LoadedConfiguration(configuration, warnings);
    }

    private static void fail(String prefix, Optional<String> text) throws ConfigurationException {
        if (text.isPresent()) {
            throw new ConfigurationException(prefix + text.get());
        }
    }

    private static String text(String name) throws ConfigurationException {
        byte[] bytes;
        try {
            bytes = FileContent.read(name);
        } catch (ConfigurationException e) {
            throw e.within("configuration file: ");
        }
        try {
            String text = encoding(bytes).newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return text.startsWith("\ufeff") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigurationException("YAMLToJSON: yaml: invalid leading UTF-8 octet (save the file as UTF-8)", e);
        }
    }

    /** UTF-8, unless the file begins with the mark of another one. */
    private static Charset encoding(byte[] bytes) {
        int mark = bytes.length < 2 ? 0 : ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
        return mark == 0xfffe || mark == 0xfeff ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8;
    }

    private static ObjectNode tree(String text) throws ConfigurationException {
        JsonNode tree;
        try {
            tree = YamlTree.parse(text);
        } catch (YamlException e) {
            throw new ConfigurationException("YAMLToJSON: " + e.getMessage(), e);
        }
        if (tree instanceof ObjectNode object) {
            return object;
        }
        String remedy = tree.isNull()
                ? " (the file holds no settings; the wrong file?)"
                : " (the file must be a mapping of keys to values)";
        throw new ConfigurationException(PARSE + UnexpectedValue.shape(tree).text(1) + remedy);
    }

    /** The command, which a property may give as well. */
    private static List<String> command(ObjectNode tree, PropertyOverlay overlay) throws ConfigurationException {
        ObjectNode preview = tree.deepCopy();
        Reading reading = reading(preview, overlay);
        MessageReader root = reader(reading, preview);
        List<String> command = root.section("config", "ConfigCF", "", ExtraConfiguration::command).orDefaults();
        fail(PARSE, reading.firstTypeError());
        return command;
    }

    private static MessageReader reader(Reading reading, JsonNode tree) {
        return new MessageReader(reading, "ConfigurationFile", "", tree);
    }

    /** Lays the properties over {@code tree}; columns are then counted in the result. */
    private static Reading reading(ObjectNode tree, PropertyOverlay overlay) throws ConfigurationException {
        Set<String> fromProperties = overlay.applyTo(tree);
        try {
            return new Reading(CanonicalJson.of(tree), fromProperties);
        } catch (YamlException e) {
            throw new ConfigurationException("YAMLToJSON: " + e.getMessage(), e);
        }
    }
}
