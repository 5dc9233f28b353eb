/// How long a test waits for what hangs.
public enum Patience {
  /// Ten times what the longest of them takes where the CPUs are slow and busy with something else. Nothing that works
  /// waits for its end.
  public static let seconds = 600
}
