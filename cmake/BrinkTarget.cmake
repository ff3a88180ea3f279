# brink_target(NAME): the compile options every target of the project shares.
function(brink_target name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC finds these after inlining, so what it reports changes with the processor of -march=native, and version 12
    # reports overlaps and overruns inside std::string and std::vector that are not there (GCC bugs 105651, 105329), and
    # uninitialized operands inside its own AVX-512 intrinsics (GCC bug 105593), and memory freed that nobody allocated.
    # The address sanitizer looks for the real ones.
    target_compile_options(
      ${name} PRIVATE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
                      -Wno-maybe-uninitialized -Wno-uninitialized -Wno-free-nonheap-object)
  endif()
  if(BRINK_WERROR)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
  if(BRINK_NATIVE)
    target_compile_options(${name} PRIVATE -march=native)
  endif()
  if(BRINK_SANITIZE)
    # Without the checks of every pointer: what they find stops with a fault or at the address sanitizer, or at the
    # assertions of Eigen, and they double the time of the build.
    target_compile_options(
      ${name} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
                      -fno-sanitize=null,object-size,vptr,nonnull-attribute,returns-nonnull-attribute,alignment)
    target_link_options(${name} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

# brink_precompile(NAME HEADER...): parses the heavy headers of a target once instead of once a file.
function(brink_precompile name)
  if(BRINK_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# brink_unity(NAME): compiles the files of a folder together, so that what they share is parsed and instantiated once
# instead of once a file. Names in anonymous namespaces are therefore unique within a folder.
function(brink_unity name)
  if(BRINK_UNITY)
    get_target_property(sources ${name} SOURCES)
    foreach(source ${sources})
      get_filename_component(folder ${source} DIRECTORY)
      file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${folder})
      string(MAKE_C_IDENTIFIER ${folder} group)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
    endforeach()
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # GCC takes an included source file for a header, where a type of an anonymous namespace would be another one in
      # every file that includes it.
      target_compile_options(${name} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()
