# `cmake --install`: programs, units, documents, completions and an example. The units name the paths of a prefix of /usr;
# other prefixes are filled in. A configuration that is there already is left alone.
install(TARGETS recoverd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS recoverd_worker_program RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/recoverd)

# systemd reads lib, not lib/ARCHITECTURE, below /usr and /usr/local.
install(FILES systemd/recoverd.socket DESTINATION lib/systemd/system)
install(FILES systemd/recoverd.sysusers DESTINATION lib/sysusers.d RENAME recoverd.conf)
install(FILES systemd/recoverd.tmpfiles DESTINATION lib/tmpfiles.d RENAME recoverd.conf)
install(CODE "set(source_dir \"${PROJECT_SOURCE_DIR}\")
              set(binary_dir \"${PROJECT_BINARY_DIR}\")")
install(CODE [[
    file(READ "${source_dir}/systemd/recoverd.service" unit)
    string(REPLACE "/usr/bin/recoverd" "${CMAKE_INSTALL_PREFIX}/bin/recoverd" unit "${unit}")
    string(REPLACE "/usr/share/doc" "${CMAKE_INSTALL_PREFIX}/share/doc" unit "${unit}")
    file(WRITE "${binary_dir}/recoverd.service" "${unit}")
    file(INSTALL "${binary_dir}/recoverd.service" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
]])

install(FILES packaging/man/recoverd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/man/recoverd.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES packaging/completions/recoverd.bash DESTINATION share/bash-completion/completions RENAME recoverd)
install(FILES packaging/completions/recoverd.fish DESTINATION share/fish/vendor_completions.d)
install(FILES packaging/completions/_recoverd DESTINATION share/zsh/site-functions)

install(FILES LICENSE DESTINATION share/doc/recoverd)
install(DIRECTORY docs/runbooks DESTINATION share/doc/recoverd FILES_MATCHING PATTERN "*.md")
install(CODE [=[
    # Links lead to where documents are installed. What is not, or has another name in Debian, keeps its name without one.
    file(GLOB pages "${source_dir}/docs/*.md")
    foreach(page "${source_dir}/README.md" "${source_dir}/CHANGELOG.md" ${pages})
        cmake_path(GET page FILENAME name)
        file(READ "${page}" text)
        string(REGEX REPLACE "\\]\\((\\.\\./|docs/)" "](" text "${text}")
        string(REGEX REPLACE "\\]\\(packaging/(prometheus|alertmanager|grafana)/" "](examples/\\1/" text "${text}")
        string(REGEX REPLACE
               "!?\\[([^]]*)\\]\\((packaging|systemd|images|LICENSE|CHANGELOG|CONTRIBUTING|SECURITY)[^)]*\\)" "\\1"
               text "${text}")
        file(WRITE "${binary_dir}/documents/${name}" "${text}")
        file(INSTALL "${binary_dir}/documents/${name}" DESTINATION "${CMAKE_INSTALL_PREFIX}/share/doc/recoverd")
    endforeach()
]=])
install(DIRECTORY systemd/recoverd.service.d DESTINATION share/doc/recoverd/examples)
install(FILES packaging/config/recoverd.toml DESTINATION share/doc/recoverd/examples)
install(DIRECTORY packaging/prometheus packaging/alertmanager packaging/grafana DESTINATION share/doc/recoverd/examples)
install(CODE [[
    # As GNU has it: the configuration of what lies in /usr and /usr/local is in /etc, where recoverd looks for it.
    if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?$")
        set(etc "/etc/recoverd")
    else()
        set(etc "${CMAKE_INSTALL_PREFIX}/etc/recoverd")
    endif()
    if(EXISTS "$ENV{DESTDIR}${etc}/recoverd.toml")
        message(STATUS "Kept: $ENV{DESTDIR}${etc}/recoverd.toml")
    else()
        file(INSTALL "${source_dir}/packaging/config/recoverd.toml" DESTINATION "${etc}")
    endif()
]])
