package phr.hapi;

import java.util.Optional;

/**
 * What can be chosen about the server, all of it by environment variables.
 *
 * @param port HAPI_PORT: the port on 127.0.0.1; 0 takes a free one
 * @param portFile HAPI_PORT_FILE: where the port is written once the server answers
 * @param database HAPI_DATABASE: a JDBC address, of H2 or PostgreSQL
 * @param retriesConflicts HAPI_RETRIES_CONFLICTS: whether X-Retry-On-Version-Conflict is heard, which
 *     servers do not do unless told
 * @param validatesWrites HAPI_VALIDATES_WRITES: whether everything written is validated first
 * @param assignsIds HAPI_ASSIGNS_IDS: whether clients may not choose the ids of what they create
 */
record Settings(
    int port,
    String portFile,
    String database,
    boolean retriesConflicts,
    boolean validatesWrites,
    boolean assignsIds) {

  static Settings fromEnvironment() {
    return new Settings(
        Integer.parseInt(text("HAPI_PORT", "0")),
        text("HAPI_PORT_FILE", ""),
        text("HAPI_DATABASE", "jdbc:h2:mem:hapi"),
        flag("HAPI_RETRIES_CONFLICTS"),
        flag("HAPI_VALIDATES_WRITES"),
        flag("HAPI_ASSIGNS_IDS"));
  }

  boolean isPostgres() {
    return database.startsWith("jdbc:postgresql:");
  }

  private static String text(String name, String otherwise) {
    return Optional.ofNullable(System.getenv(name)).orElse(otherwise);
  }

  private static boolean flag(String name) {
    return text(name, "false").equals("true");
  }
}
