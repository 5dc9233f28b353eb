/// Where things lie in this repository.
public enum Repository {
  /// Its top directory, absolute.
  public static let root = String(#filePath.dropLast("/Tests/ProcessSupport/Repository.swift".count))

  /// The release executable that `make release` builds.
  public static let executable = root + "/bin/swiftvm"

  /// The bare-metal guests that `make guests` builds.
  public static let guests = root + "/guests/build"

  /// What is fetched and made for tests, see Tests/Bed/lib.sh.
  public static let bed = root + "/.bed"

  /// The script that starts the nested machine and runs commands in it.
  public static let nestedMachine = root + "/Tests/Bed/l1.sh"
}
